/**
 * Programs bound to kernel functions, and pointers to the kernel's structures: each is put to the running kernel and to us
 * with that kernel's types, and the logs are compared line by line.
 */
import { existsSync, readFileSync } from 'node:fs'
import { BTF_KIND, LazyBtf } from '@bpfoundry/btf'
import {
  BPF_CALL,
  BPF_JMP,
  BPF_PSEUDO_BTF_ID,
  BPF_PSEUDO_KFUNC_CALL,
  disassembleKernel,
  type Insn,
} from '@bpfoundry/isa'
import { ATTACH_TYPE, attachSymbol, PROG_TYPE } from '@bpfoundry/kernel-abi'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { type VerifierProgram, type VerifierResult, verify } from '../src/index.ts'
import { BOUND_CASES, type BoundCase, FIRST_CALL } from './cases/bound-programs.ts'
import { TCP_STORES, tcpStore } from './cases/struct-ops.ts'
import { programOf } from './support/case.ts'
import { openCaseKernel } from './support/kernel.ts'
import { comparableLog } from './support/log-text.ts'
import { mutated, type Roll } from './support/mutation.ts'
import { repetitions } from './support/repetitions.ts'

const VMLINUX = '/sys/kernel/btf/vmlinux'
const LEVEL = 2
const LD_IMM64 = 0x18
const PROGRAMS = repetitions('VERIFIER_MUTATED_PROGRAMS', 500, 150)

/** What calls may turn to. */
// biome-ignore format: table
const FUNCTIONS = [
  'bpf_task_from_pid', 'bpf_task_release', 'bpf_task_acquire', 'bpf_cgroup_from_id', 'bpf_cgroup_release',
  'bpf_cgroup_ancestor', 'bpf_task_under_cgroup', 'bpf_cpumask_create', 'bpf_cpumask_release', 'bpf_cpumask_acquire',
  'bpf_cpumask_first', 'bpf_iter_num_new', 'bpf_iter_num_next', 'bpf_iter_num_destroy', 'bpf_iter_bits_new',
  'bpf_iter_bits_next', 'bpf_iter_bits_destroy', 'bpf_iter_task_new', 'bpf_iter_task_next', 'bpf_iter_task_destroy',
  'bpf_cast_to_kern_ctx', 'bpf_rdonly_cast', 'bpf_rcu_read_lock', 'bpf_rcu_read_unlock', 'bpf_preempt_disable',
  'bpf_preempt_enable', 'bpf_throw',
]

/** Numbers of a linear congruential generator. */
function dice(seed: number): Roll {
  let state = seed | 0
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 8) % sides
  }
}

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

/** Calls of kernel functions, and their addresses, by their BTF ids. */
function linked({ calls = [] }: BoundCase, insns: readonly Insn[]): readonly Insn[] {
  return insns.map((insn) => {
    const symbol = insn.opcode === LD_IMM64 && insn.src === 0 ? calls[insn.imm - FIRST_CALL] : undefined
    if (symbol !== undefined) {
      return { ...insn, src: BPF_PSEUDO_BTF_ID, imm: types?.find(symbol, BTF_KIND.FUNC) ?? 0 }
    }
    const name = insn.opcode === (BPF_JMP | BPF_CALL) && insn.src === 0 ? calls[insn.imm - FIRST_CALL] : undefined
    return name === undefined
      ? insn
      : { ...insn, src: BPF_PSEUDO_KFUNC_CALL, imm: types?.find(name, BTF_KIND.FUNC) ?? 0 }
  })
}

interface Bound extends VerifierProgram {
  readonly attachTo?: string
  readonly structOps?: string
}

function boundProgram(row: BoundCase): Bound {
  if ('unavailable' in kernel || types === undefined) throw new Error('nothing to compare with')
  const plain = programOf(row, kernel.fdOf)
  const insns = linked(row, plain.insns)
  const { attachTo, structOps } = row
  if (structOps !== undefined) {
    return { ...plain, insns, attachBtfId: types.find(structOps, BTF_KIND.STRUCT) ?? 0, structOps }
  }
  if (attachTo === undefined) return { ...plain, insns }
  const { name, kind } = attachSymbol(attachTo, row.attachType ?? 0)
  return { ...plain, insns, attachBtfId: types.find(name, kind) ?? 0, attachTo }
}

function askTheirs(program: Bound): { ok: boolean; log: string } {
  const { type, expectedAttachType, insns, gplCompatible, attachTo, structOps, flags = 0 } = program
  if ('unavailable' in kernel) throw new Error(kernel.unavailable)
  const license = gplCompatible ? 'GPL' : 'Proprietary'
  const place = structOps === undefined ? {} : { attachBtfId: program.attachBtfId ?? 0 }
  const target = attachTo === undefined ? place : { attachTo }
  const answer = kernel.oracle.loadProgram({
    type,
    expectedAttachType,
    insns,
    license,
    flags,
    logLevel: LEVEL,
    ...target,
  })
  if (answer.fd >= 0) kernel.oracle.close(answer.fd)
  return answer
}

function askOurs(program: Bound): VerifierResult {
  const kernelBtf = types === undefined ? {} : { kernelBtf: types }
  return verify(program, { profile: '6.18', ...kernelBtf }, { logLevel: LEVEL })
}

/** Offset of a field, unnamed structures gone into. @throws where there is none */
function placeOf(btf: LazyBtf, struct: string, field: string): number {
  const found = placeIn(btf, btf.find(struct, BTF_KIND.STRUCT) ?? 0, field)
  if (found === undefined) throw new Error(`no ${struct}.${field}`)
  return found
}

function placeIn(btf: LazyBtf, typeId: number, field: string): number | undefined {
  const type = btf.resolve(typeId)
  if (type.kind !== BTF_KIND.STRUCT && type.kind !== BTF_KIND.UNION) return undefined
  for (const { name, typeId: memberType, bitOffset } of type.members) {
    const inside = name === field ? 0 : name === '' ? placeIn(btf, memberType, field) : undefined
    if (inside !== undefined) return bitOffset / 8 + inside
  }
  return undefined
}

/** Cases of which the kernel here says nothing. */
const silent: string[] = []

describe('the log of the running kernel', () => {
  it.each(BOUND_CASES.map((row) => [row.name, row] as const))('%s', (_name, row) => {
    if (absence() !== undefined) return
    const program = boundProgram(row)
    const theirs = askTheirs(program).log
    // A kernel without trampolines refuses before it verifies.
    if (theirs === '') silent.push(row.name)
    else expect(comparableLog(askOurs(program).log)).toBe(comparableLog(theirs))
  })

  it.each(TCP_STORES)('a store to %s.%s + %i of %i bytes', (struct, field, offset, bytes) => {
    if (absence() !== undefined) return
    const place = placeOf(types as LazyBtf, struct, field)
    const program = boundProgram(tcpStore(field, place + offset, bytes))
    expect(comparableLog(askOurs(program).log)).toBe(comparableLog(askTheirs(program).log))
  })

  it('changed a little: nothing is accepted that the running kernel refuses', (ctx) => {
    const missing = absence()
    if (missing !== undefined) return ctx.skip(missing)
    const ids = FUNCTIONS.map((name) => types?.find(name, BTF_KIND.FUNC) ?? 0)
    let accepted = 0
    const property = fc.property(fc.integer(), (seed) => {
      const roll = dice(seed)
      const original = boundProgram(BOUND_CASES[roll(BOUND_CASES.length)] as BoundCase)
      const program = { ...original, insns: mutated(original.insns, roll, ids) }
      const theirs = askTheirs(program)
      if (theirs.log === '' || !askOurs(program).ok) return
      accepted++
      if (!theirs.ok) throw new Error(`accepted by us only:\n${disassembleKernel(program.insns)}\n${theirs.log}`)
    })
    fc.assert(property, { numRuns: PROGRAMS })
    expect(accepted).toBeGreaterThan(PROGRAMS / 100)
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
