import { readdirSync } from 'node:fs'
import { assembleLlvm, type Insn } from '@bpfoundry/isa'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { Collection, type LoadedMap, type LoadedProgram, type LoaderKernel } from '@bpfoundry/loader'
import { readSpec } from '@bpfoundry/testbench'
import { fixturePath } from '../../fixture-path.ts'

/** A program that is verified by whoever is measured. */
export interface VerifierCase {
  readonly name: string
  /** Loads it, lets `look` see the loaded program, and unloads it with its maps. @throws where it is refused */
  load<M extends LoadedMap, P extends LoadedProgram, T>(kernel: LoaderKernel<M, P>, look: (program: P) => T): T
}

/** 100,000 rounds whose number has to be known: half a million instructions are explored. */
const LONG_LOOP = `
  r6 = 0
again:
  r7 = r6
  r7 &= 7
  r6 += 1
  if r6 != 100000 goto again
  r0 = r7
  exit`

/** Sixteen decisions on bytes of the packet, each of which moves a counter that an access then rests on. */
const BRANCHES = `
  r6 = *(u32 *)(r1 + 0)
  r7 = *(u32 *)(r1 + 4)
  r0 = 1
  r8 = r6
  r8 += 80
  if r8 > r7 goto out
  r9 = 0
${Array.from(
  { length: 12 },
  (_, n) => `  r2 = *(u8 *)(r6 + ${n})
  if r2 > ${n + 16} goto skip${n}
  r9 += ${n + 1}
skip${n}:`,
).join('\n')}
  if r9 > 79 goto out
  r6 += r9
  r0 = *(u8 *)(r6 + 0)
  r0 = 2
out:
  exit`

const GENERATED: readonly VerifierCase[] = [
  generated('long loop (generated)', LONG_LOOP),
  generated('branches (generated)', BRANCHES),
]

function generated(name: string, text: string): VerifierCase {
  const { insns } = assembleLlvm(text)
  return {
    name,
    load: (kernel, look) => {
      const program = kernel.loadProgram(xdpProgram(name, insns))
      try {
        return look(program)
      } finally {
        program.close()
      }
    },
  }
}

function xdpProgram(name: string, insns: readonly Insn[]): Parameters<LoaderKernel['loadProgram']>[0] {
  return {
    name: name.replaceAll(/\W/g, '_').slice(0, 15),
    type: PROG_TYPE.XDP,
    expectedAttachType: 0,
    insns,
    license: 'GPL',
    functionInfo: [],
    lineInfo: [],
    flags: 0,
  }
}

/** Every program of an object file. @throws what reading it throws */
export function objectCases(path: string): VerifierCase[] {
  const spec = readSpec(path)
  return [...spec.programs.keys()].map((program) => ({
    name: `${path.split('/').at(-1)}: ${program}`,
    load: <M extends LoadedMap, P extends LoadedProgram, T>(kernel: LoaderKernel<M, P>, look: (one: P) => T): T => {
      const collection = Collection.create(spec, { kernel, programs: [program] })
      try {
        return look(collection.programs.get(program) as P)
      } finally {
        collection.close()
      }
    },
  }))
}

/** The repository's programs in the newest instruction set they were built for, and two that ask for long explorations. */
export function ownCases(): VerifierCase[] {
  const folder = fixturePath('programs')
  const objects = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.v3.o'))
  return [...objects.sort().flatMap((name) => objectCases(`${folder}/${name}`)), ...GENERATED]
}
