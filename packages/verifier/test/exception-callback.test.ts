/** Exception callbacks: each program is put to the running kernel and to us, and the logs are compared line by line. */
import { existsSync, readFileSync } from 'node:fs'
import { BTF_KIND, LazyBtf } from '@bpfoundry/btf'
import { assembleLlvm, BPF_PSEUDO_KFUNC_CALL, type Insn } from '@bpfoundry/isa'
import { ATTACH_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { afterAll, describe, expect, it } from 'vitest'
import { type VerifierProgram, type VerifierResult, verify } from '../src/index.ts'
import { type CaseFunction, describeFunctions } from './support/functions.ts'
import { askKernel, openCaseKernel } from './support/kernel.ts'
import { comparableLog } from './support/log-text.ts'

const VMLINUX = '/sys/kernel/btf/vmlinux'
const types = existsSync(VMLINUX) ? new LazyBtf(readFileSync(VMLINUX)) : undefined
const kernel = openCaseKernel()

afterAll(() => {
  if (!('unavailable' in kernel)) kernel.oracle.close()
})

interface Row {
  readonly name: string
  readonly asm: string
  /** Slots at which the functions begin, after the first. */
  readonly starts: readonly number[]
  readonly functions: readonly CaseFunction[]
  readonly tags?: readonly string[]
  readonly booleans?: true
}

const THROW = 'r1 = 1\ncall 9000\n'
const END = 'r0 = 1\nexit\n'
const CAUGHT: CaseFunction = { name: 'caught', args: ['int'] }
const OTHER: CaseFunction = { name: 'other', args: ['int'] }
const INTO = 'caught: r0 = 1\nexit'

// biome-ignore format: table
const ROWS: readonly Row[] = [
  { name: 'nothing throws',              asm: `${END}${INTO}`,                                starts: [2],    functions: [CAUGHT] },
  { name: 'the main function throws',    asm: `${THROW}${END}${INTO}`,                        starts: [4],    functions: [CAUGHT] },
  { name: 'no argument',                 asm: `${THROW}${END}${INTO}`,                        starts: [4],    functions: [{ ...CAUGHT, args: [] }] },
  { name: 'two arguments',               asm: `${THROW}${END}${INTO}`,                        starts: [4],    functions: [{ ...CAUGHT, args: ['int', 'int'] }] },
  { name: 'a pointer for an argument',   asm: `${THROW}${END}${INTO}`,                        starts: [4],    functions: [{ ...CAUGHT, args: [{ struct: 's', bytes: 8 }] }] },
  { name: 'a pointer for an answer',     asm: `${THROW}${END}${INTO}`,                        starts: [4],    functions: [{ ...CAUGHT, returns: 'void *' }] },
  { name: 'a static function',           asm: `${THROW}${END}${INTO}`,                        starts: [4],    functions: [{ ...CAUGHT, linkage: 'static' }] },
  { name: 'a function that is not there', asm: `${THROW}${END}${INTO}`,                       starts: [4],    functions: [OTHER] },
  { name: 'it throws',                   asm: `${END}caught: ${THROW}${END}`,                 starts: [2],    functions: [CAUGHT] },
  { name: 'what it calls throws',        asm: `${END}caught: call other\n${END}other: ${THROW}${END}`, starts: [2, 5], functions: [CAUGHT, { ...OTHER, linkage: 'static' }] },
  { name: 'it is called',                asm: `r1 = 1\ncall caught\n${END}${INTO}`,           starts: [4],    functions: [CAUGHT] },
  { name: 'it answers anything',         asm: `${THROW}${END}caught: r0 = r1\nexit`,          starts: [4],    functions: [CAUGHT], booleans: true },
  { name: 'it answers what it may',      asm: `${THROW}${END}${INTO}`,                        starts: [4],    functions: [CAUGHT], booleans: true },
  { name: 'it answers for what is thrown', asm: `r1 = 64\ncall 9000\n${END}${INTO}`,          starts: [4],    functions: [CAUGHT], booleans: true },
  { name: 'two tags',                    asm: `${THROW}${END}${INTO}`,                        starts: [4],    functions: [CAUGHT], tags: ['caught', 'other'] },
]

function linked(insns: readonly Insn[]): readonly Insn[] {
  const imm = types?.find('bpf_throw', BTF_KIND.FUNC) ?? 0
  return insns.map((insn) => (insn.imm === 9000 ? { ...insn, src: BPF_PSEUDO_KFUNC_CALL, imm } : insn))
}

function programOf({ asm, starts, functions, tags = ['caught'], booleans }: Row): VerifierProgram {
  const insns = linked(assembleLlvm(asm).insns)
  const tagged = tags.map((name) => [-1, `exception_callback:${name}`] as const)
  const main = { name: 'main', args: [{ struct: '__sk_buff', bytes: 192 }], tags: tagged }
  const { btf, functionInfo } = describeFunctions(insns, [main, ...functions])
  return {
    name: 'case',
    type: booleans ? PROG_TYPE.CGROUP_SKB : PROG_TYPE.SCHED_CLS,
    expectedAttachType: booleans ? ATTACH_TYPE.CGROUP_INET_INGRESS : 0,
    gplCompatible: true,
    maps: new Map(),
    insns,
    btf,
    functionInfo: functionInfo.map((info, index) => ({ ...info, pc: index === 0 ? 0 : (starts[index - 1] as number) })),
  }
}

function askOurs(program: VerifierProgram, profile: string): VerifierResult {
  return verify(program, { profile, ...(types === undefined ? {} : { kernelBtf: types }) }, { logLevel: 2 })
}

describe('exception callbacks', () => {
  it.for(ROWS.map((row) => [row.name, row] as const))('%s', ([, row], ctx) => {
    if ('unavailable' in kernel) return ctx.skip(kernel.unavailable)
    if (types === undefined || !kernel.oracle.release.startsWith('6.18.'))
      return ctx.skip('made for 6.18 with its types')
    const program = programOf(row)
    const theirs = askKernel(kernel.oracle, program, 2)
    // 6.18 forgets to end this line.
    const log = theirs.log.replace('cb directlyprocessed', 'cb directly\nprocessed')
    const ours = askOurs(program, '6.18')
    expect(comparableLog(ours.log)).toBe(comparableLog(log))
    expect(ours.ok).toBe(theirs.ok)
  })

  it('other tags of the main function are no matter', () => {
    const [row] = ROWS
    const { btf, ...program } = programOf({ ...(row as Row), asm: END, starts: [], functions: [], tags: [] })
    expect(askOurs({ ...program, ...(btf === undefined ? {} : { btf }) }, '6.12').ok).toBe(true)
  })
})
