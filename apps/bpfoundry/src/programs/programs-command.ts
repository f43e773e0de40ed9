import { isDiagnostic } from '@bpfoundry/diagnostics'
import {
  INITIAL_NAMESPACE,
  Kernel,
  type KernelProgram,
  type ProgramInfo,
  programJson,
  programLines,
  type Viewer,
} from '@bpfoundry/kernel'
import { ABILITY_SINCE, DEFAULT_PROFILE, isReleasedBy } from '@bpfoundry/kernel-abi'
import { type BenchObjects, createObjects, readSpec } from '@bpfoundry/testbench'
import { BtfIds } from '../btf-ids.ts'
import type { CommandIo } from '../command-io.ts'
import { formatError } from '../error-text.ts'
import { EXIT, exitCodeOf } from '../exit-code.ts'
import { codeBytesOf } from '../jited/jited-program.ts'
import { kernelTypesNamed, sayKernelTypes } from '../kernel-types.ts'
import { INTERPRETER, type ShownEngine } from '../options/choices.ts'
import { formatJson } from '../output.ts'

/** `prog show`, as it is typed. */
export interface ProgramsOptions {
  readonly program?: string
  readonly engine: ShownEngine
  readonly profile?: string
  readonly kernelBtf?: string
  readonly json?: boolean
}

/** Programs are bound to no devices here. */
const VIEWER: Viewer = { namespace: INITIAL_NAMESPACE, deviceName: () => undefined }

/** BPF_OBJ_NAME_LEN without the terminating zero. */
const KERNEL_NAME_LENGTH = 15

/** Who loads is root. */
const ROOT = 0

/** `bpfoundry prog show`: loads objects, and prints what bpftool would of their programs then. @returns the exit code */
export function showPrograms(objects: readonly string[], options: ProgramsOptions, io: CommandIo): number {
  const types = kernelTypesNamed(options.kernelBtf)
  const kernel = Kernel.create({
    // Nothing runs: maps need no elements.
    hollowMaps: true,
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(types === undefined ? {} : { kernelBtf: types }),
  })
  const btfIds = new BtfIds()
  let code: number = EXIT.ok
  const infos = objects.flatMap((object) => {
    try {
      const spec = readSpec(object, types === undefined ? {} : { kernelTypes: types })
      const wanted = options.program === undefined ? {} : { programs: [options.program] }
      const loaded = createObjects(kernel, spec, object, wanted)
      const bound = boundMapIds(loaded, options.profile)
      return Object.values(loaded.programs).map(({ kernelProgram }) => {
        const info = infoOf(kernel, kernelProgram, options.engine, btfIds)
        return { ...info, mapIds: [...new Set([...info.mapIds, ...bound])] }
      })
    } catch (error) {
      if (!isDiagnostic(error)) throw error
      io.err(`${formatError(error, { json: options.json === true, terminal: io.terminal })}\n`)
      code = Math.max(code, exitCodeOf(error))
      return []
    }
  })
  sayKernelTypes(types, options.kernelBtf, io)
  io.out(textOf(infos, options))
  return code
}

/** Maps that libbpf has all programs of an object hold, whether they use them or not: its read-only data. */
function boundMapIds({ maps }: BenchObjects, release: string = DEFAULT_PROFILE): readonly number[] {
  if (!isReleasedBy(ABILITY_SINCE.boundMaps, release)) return []
  return Object.entries(maps).flatMap(([name, { kernelMap }]) => (name.startsWith('.rodata') ? [kernelMap.id] : []))
}

function textOf(infos: readonly ProgramInfo[], { json }: ProgramsOptions): string {
  if (json) return `${formatJson(infos.map((info) => programJson(info, VIEWER)))}\n`
  return infos
    .flatMap((info) => programLines(info, VIEWER))
    .map((line) => `${line}\n`)
    .join('')
}

function infoOf(kernel: Kernel, program: KernelProgram, engine: ShownEngine, btfIds: BtfIds): ProgramInfo {
  const { btf, functionInfo = [] } = program.verified.program
  const info = kernel.programInfo(program)
  return {
    ...info,
    // Whole names are those of functions in the types.
    name: functionInfo.length === 0 ? info.name.slice(0, KERNEL_NAME_LENGTH) : info.name,
    jitedBytes: engine === INTERPRETER ? 0 : codeBytesOf(engine, program.image),
    loaded: { atSeconds: Math.floor(Date.now() / 1000), uid: ROOT },
    ...(btf === undefined ? {} : { btfId: btfIds.of(btf) }),
  }
}
