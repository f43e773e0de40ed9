/**
 * Programs bound to kernel functions, and pointers to the kernel's structures: each is put to the running kernel and to us
 * with that kernel's types, and the logs are compared line by line.
 */
import { existsSync, readFileSync } from 'node:fs'
import { BTF_KIND, LazyBtf } from '@bpfoundry/btf'
import { BPF_CALL, BPF_JMP, BPF_PSEUDO_KFUNC_CALL, type Insn } from '@bpfoundry/isa'
import { ATTACH_TYPE, attachSymbol, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { afterAll, describe, expect, it } from 'vitest'
import { verify } from '../src/index.ts'
import { BOUND_CASES, type BoundCase, FIRST_CALL } from './cases/bound-programs.ts'
import { type MapName, programOf } from './support/case.ts'
import { openCaseKernel } from './support/kernel.ts'
import { comparableLog } from './support/log-text.ts'

const VMLINUX = '/sys/kernel/btf/vmlinux'
const LEVEL = 2

const kernel = openCaseKernel()
const types = existsSync(VMLINUX) ? new LazyBtf(readFileSync(VMLINUX)) : undefined

/** Why nothing can be compared here. */
function absence(): string | undefined {
  if ('unavailable' in kernel) return kernel.unavailable
  if (types === undefined) return `no ${VMLINUX}`
  return kernel.oracle.release.startsWith('6.18.') ? undefined : `made for 6.18, this is ${kernel.oracle.release}`
}

afterAll(() => {
  if (!('unavailable' in kernel)) kernel.oracle.close()
})

/** Calls of kernel functions by their BTF ids. */
function linked({ calls = [] }: BoundCase, insns: readonly Insn[]): readonly Insn[] {
  return insns.map((insn) => {
    const name = insn.opcode === (BPF_JMP | BPF_CALL) && insn.src === 0 ? calls[insn.imm - FIRST_CALL] : undefined
    return name === undefined
      ? insn
      : { ...insn, src: BPF_PSEUDO_KFUNC_CALL, imm: types?.find(name, BTF_KIND.FUNC) ?? 0 }
  })
}

function theirLog(row: BoundCase): string {
  if ('unavailable' in kernel) throw new Error(kernel.unavailable)
  const { type, expectedAttachType, insns, gplCompatible } = programOf(row, kernel.fdOf)
  const license = gplCompatible ? 'GPL' : 'Proprietary'
  const program = { type, expectedAttachType, insns: linked(row, insns), license, logLevel: LEVEL }
  const { fd, log } = kernel.oracle.loadProgram({
    ...program,
    ...(row.attachTo === undefined ? {} : { attachTo: row.attachTo }),
  })
  if (fd >= 0) kernel.oracle.close(fd)
  return log
}

function ourLog(row: BoundCase): string {
  if ('unavailable' in kernel || types === undefined) throw new Error('nothing to compare with')
  const { name, kind } = attachSymbol(row.attachTo ?? '', row.attachType ?? 0)
  const attachBtfId = row.attachTo === undefined ? 0 : (types.find(name, kind) ?? 0)
  const plain = programOf(row, kernel.fdOf as (name: MapName) => number)
  const program = { ...plain, insns: linked(row, plain.insns), attachBtfId }
  return verify(program, { profile: '6.18', kernelBtf: types }, { logLevel: LEVEL }).log
}

/** Cases of which the kernel here says nothing. */
const silent: string[] = []

describe('the log of the running kernel', () => {
  it.each(BOUND_CASES.map((row) => [row.name, row] as const))('%s', (_name, row) => {
    if (absence() !== undefined) return
    const theirs = theirLog(row)
    // A kernel without trampolines refuses before it verifies.
    if (theirs === '') silent.push(row.name)
    else expect(comparableLog(ourLog(row))).toBe(comparableLog(theirs))
  })

  it('was there to be compared with', (ctx) => {
    const missing = absence()
    if (missing !== undefined) ctx.skip(`${missing}: ${BOUND_CASES.length} cases`)
    if (silent.length > 0) ctx.skip(`this kernel says nothing of ${silent.length} of ${BOUND_CASES.length} cases`)
    expect(silent).toEqual([])
  })
})

describe('without the types of a kernel', () => {
  it('bound programs are not judged', () => {
    const row = { name: '', asm: 'r0 = 0\nexit', type: PROG_TYPE.TRACING, attachType: ATTACH_TYPE.TRACE_FENTRY }
    const result = verify(programOf(row, () => 1))
    expect(result.ok ? '' : result.rejection.code).toBe('VERIFIER_UNSUPPORTED')
  })
})
