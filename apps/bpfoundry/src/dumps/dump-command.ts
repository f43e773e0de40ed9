import type { ProgramImage } from '@bpfoundry/engine'
import { dumpXlated, Kernel } from '@bpfoundry/kernel'
import { createObjects, readSpec, translateOffload } from '@bpfoundry/testbench'
import type { CommandIo } from '../command-io.ts'
import { EXIT } from '../exit-code.ts'
import { type JitedProgram, jitedProgram } from '../jited/jited-program.ts'
import { jitedText } from '../jited/jited-text.ts'
import { nfpProgram } from '../jited/nfp-program.ts'
import { kernelTypesNamed, sayKernelTypes } from '../kernel-types.ts'
import { cardNamed } from '../offload/cards.ts'
import { withAllReasons } from '../offload/offload-blocked.ts'
import type { JitedEngine } from '../options/choices.ts'
import { formatJson } from '../output.ts'

/** `prog dump xlated`, as it is typed. */
export interface DumpOptions {
  readonly program?: string
  readonly opcodes?: boolean
  readonly linum?: boolean
  readonly kernelBtf?: string
  readonly json?: boolean
}

/** `prog dump jited`, as it is typed. */
export interface JitedOptions extends DumpOptions {
  readonly engine: JitedEngine
  readonly nic?: string
  readonly firmware?: string
}

function imageOf(object: string, { program, kernelBtf: named }: DumpOptions, io: CommandIo): ProgramImage {
  const programs = program === undefined ? {} : { programs: [program] }
  const types = kernelTypesNamed(named)
  const [kernelTypes, kernelBtf] = types === undefined ? [{}, {}] : [{ kernelTypes: types }, { kernelBtf: types }]
  const loaded = createObjects(Kernel.create(kernelBtf), readSpec(object, kernelTypes), object, programs)
  sayKernelTypes(types, named, io)
  return loaded.program(program).kernelProgram.image
}

/** `bpfoundry prog dump xlated`. @returns the exit code */
export function dumpXlatedProgram(object: string, options: DumpOptions, io: CommandIo): number {
  const image = imageOf(object, options, io)
  if (options.json) io.out(`${formatJson({ $schema: 'bpfoundry.xlated/1', ...image })}\n`)
  else io.out(dumpXlated(image, { opcodes: options.opcodes === true, lineNumbers: options.linum === true }))
  return EXIT.ok
}

/** `bpfoundry prog dump jited`. @returns the exit code */
export async function dumpJitedProgram(object: string, options: JitedOptions, io: CommandIo): Promise<number> {
  const program =
    options.nic === undefined ? await hostCode(object, options, io) : cardCode(object, options.nic, options)
  if (options.json) io.out(`${formatJson({ $schema: 'bpfoundry.jited/1', object, ...program })}\n`)
  else io.out(jitedText(program, { opcodes: options.opcodes === true, lineNumbers: options.linum === true }))
  return EXIT.ok
}

function hostCode(object: string, options: JitedOptions, io: CommandIo): Promise<JitedProgram> {
  return jitedProgram(options.engine, imageOf(object, options, io))
}

function cardCode(object: string, nic: string, { program, firmware }: JitedOptions): JitedProgram {
  const card = cardNamed(nic, firmware)
  try {
    return nfpProgram(card.name, translateOffload(readSpec(object), object, program, card))
  } catch (error) {
    throw withAllReasons(error, { object, program, card })
  }
}
