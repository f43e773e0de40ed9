/** Spills and fills around calls that keep registers, beside what the running kernel leaves of them. */
import { existsSync, readFileSync } from 'node:fs'
import { BTF_KIND, LazyBtf } from '@bpfoundry/btf'
import { assembleLlvm, BPF_PSEUDO_KFUNC_CALL, decodeInsns, disassembleKernel, type Insn } from '@bpfoundry/isa'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { kernelOracle } from '@bpfoundry/kernel-oracle'
import { afterAll, describe, expect, it } from 'vitest'
import { fixUp, verify } from '../../src/index.ts'

const VMLINUX = '/sys/kernel/btf/vmlinux'
const kernelBtf = existsSync(VMLINUX) ? new LazyBtf(readFileSync(VMLINUX)) : undefined
const oracle = kernelOracle()
afterAll(() => {
  if (!('unavailable' in oracle)) oracle.close()
})

const CALL = 9000

/** `call FN` calls the function of that name. */
function linked(asm: string): readonly Insn[] {
  const names: string[] = []
  const text = asm.replace(/call (bpf_\w+)/g, (_call, name: string) => `call ${CALL + names.push(name) - 1}`)
  return assembleLlvm(text).insns.map((insn) => {
    const name = insn.opcode === 0x85 ? names[insn.imm - CALL] : undefined
    const imm = name === undefined ? undefined : kernelBtf?.find(name, BTF_KIND.FUNC)
    return imm === undefined ? insn : { ...insn, src: BPF_PSEUDO_KFUNC_CALL, imm }
  })
}

const type = PROG_TYPE.SCHED_CLS
const around = (spilled: string, call: string): string =>
  `${spilled} = 1\n*(u64 *)(r10 - 32) = ${spilled}\n${call}\n${spilled} = *(u64 *)(r10 - 32)\nr0 = ${spilled}\nexit`
const union = kernelBtf?.find('bpf_attr', BTF_KIND.UNION) ?? 0

// biome-ignore format: table
const CASES = [
  ['a cast of the context keeps a register',            around('r2', 'call bpf_cast_to_kern_ctx')],
  ['a cast of any address keeps a register',            `r2 = ${union}\n${around('r3', 'call bpf_rdonly_cast')}`],
  ['it does not keep a register of an argument',        around('r1', 'call bpf_cast_to_kern_ctx').replace('r1 = 1\n', '')],
  ['a function that stays keeps nothing',               around('r2', 'call bpf_rcu_read_lock\ncall bpf_rcu_read_unlock')],
  ['something else looks at the stack',                 `*(u64 *)(r10 - 32) = 0\n${around('r2', 'call bpf_cast_to_kern_ctx')}`],
] as const

const missing = 'unavailable' in oracle ? oracle.unavailable : kernelBtf === undefined ? `no ${VMLINUX}` : undefined

describe.skipIf(missing !== undefined)('what is left of spills and fills around a kernel function', () => {
  it.each(CASES)('%s', (_name, asm) => {
    if ('unavailable' in oracle || kernelBtf === undefined) return
    const insns = linked(asm)
    const request = { name: 'p', type, expectedAttachType: 0, insns, gplCompatible: true, maps: new Map() }
    const ours = verify(request, { profile: '6.18', kernelBtf })
    const theirs = oracle.loadProgram({ type, insns, license: 'GPL', logLevel: 1 })
    expect([ours.ok, ours.ok ? '' : ours.rejection.message]).toEqual([theirs.ok, theirs.ok ? '' : expect.anything()])
    if (!ours.ok) return
    const xlated = decodeInsns(oracle.programInfo(theirs.fd).xlated)
    oracle.close(theirs.fd)
    const placement = { mapAddress: () => 0, mapValueAddress: () => 0, inlinedHelper: () => undefined }
    const fixed = fixUp(ours.verified, placement)
    const text = (all: readonly Insn[]): string => disassembleKernel(all).replace(/call .*/g, 'call')
    expect(text(fixed.insns)).toBe(text(xlated))
  })
})

it('was there to be compared with', (ctx) => {
  if (missing !== undefined) ctx.skip(`${missing}: ${CASES.length} cases`)
})
