/**
 * Programs bound to functions of other programs, in the words of `bpf_check_attach_target` and `btf_check_type_match` of
 * 6.12. The kernel that is here refuses to load any of them (EPERM).
 */
import { BTF_INT_ENCODING, BTF_KIND, BtfBuilder, type BtfType } from '@bpfoundry/btf'
import { ATTACH_TYPE, PROG_FLAG, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import { type KernelBtf, type Verified, type VerifierProgram, type VerifierResult, verify } from '../src/index.ts'
import { programOf } from './support/case.ts'
import type { CaseFunction, CaseType } from './support/functions.ts'

const CONTEXT: CaseType = { struct: 'xdp_md', bytes: 24 }
const OTHER: CaseType = { struct: '__sk_buff', bytes: 192 }
const PASS = '\nr0 = 2\nexit'

const builder = new BtfBuilder()
const encoding = { encoding: BTF_INT_ENCODING.SIGNED, bitOffset: 0, bits: 32 }
const int = builder.add({ kind: BTF_KIND.INT, name: 'int', sizeBytes: 4, ...encoding })
const member = { name: 'frame_sz', typeId: int, bitOffset: 0, bitfieldBits: 0 }
builder.add({ kind: BTF_KIND.STRUCT, name: 'xdp_buff', sizeBytes: 8, kindFlag: false, members: [member] })
const btf = builder.build()
const kernelBtf: KernelBtf = {
  find: (name, kind) => btf.find(name, kind as BtfType['kind'])?.id,
  type: (id) => btf.type(id),
  resolve: (id) => btf.resolve(id),
  sizeOf: (id) => btf.sizeOf(id),
}

interface Row {
  readonly asm: string
  readonly type: number
  readonly attachType?: number
  readonly functions?: readonly CaseFunction[]
  readonly flags?: number
}

function judge(row: Row, fields: Partial<VerifierProgram> = {}): VerifierResult {
  return verify({ ...programOf({ name: '', ...row }, () => 1), ...fields }, { kernelBtf }, { logLevel: 2 })
}

function accepted(result: VerifierResult): Verified {
  if (!result.ok) throw new Error(result.log)
  return result.verified
}

const MAIN: CaseFunction = { name: 'main', args: [CONTEXT] }
/** A program of XDP whose function `f` takes a number; `g` is static, `h` takes the context and moves the packet. */
const TARGET: Row = {
  asm: `r6 = r1\nr1 = 5\ncall f\ncall g\nr1 = r6\ncall h${PASS}\nf: r0 = r1\nexit\ng: r0 = 0\nexit\nh: r2 = 0\ncall 44\nr0 = 0\nexit`,
  type: PROG_TYPE.XDP,
  functions: [
    MAIN,
    { name: 'f', args: ['int'] },
    { name: 'g', args: [], linkage: 'static' },
    { name: 'h', args: [CONTEXT] },
  ],
}
const target = accepted(judge(TARGET))
const quiet = accepted(judge({ asm: PASS, type: PROG_TYPE.XDP, functions: [MAIN] }))

function idOf(of: Verified, name: string): number {
  return of.program.btf?.types.find((type) => type.kind === BTF_KIND.FUNC && type.name === name)?.id ?? 0
}

function bound(row: Row, name: string, attachProgram: Verified = target): VerifierResult {
  return judge(row, { attachProgram, attachBtfId: idOf(attachProgram, name) })
}

function extension(asm: string, ...args: readonly CaseType[]): Row {
  return { asm, type: PROG_TYPE.EXT, functions: [{ name: 'mine', args }] }
}

describe('an extension', () => {
  it.each([
    ['a number', 'f', extension('r0 = r1\nr0 += 1\nexit', 'int')],
    ['the context', 'main', extension(`r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 4)${PASS}`, CONTEXT)],
    ['the context of a function that moves the packet', 'h', extension('r2 = 0\ncall 44\nr0 = 1\nexit', CONTEXT)],
  ] as const)('takes %s', (_what, name, row) => {
    const { ok, log } = bound(row, name)
    expect(ok, log).toBe(true)
    expect(log).toContain('Validating mine() func#0...')
  })

  it.each([
    ['for a static function', 'g', extension(PASS), 'a program bound to g, a static function, is not supported'],
    ['that takes more', 'f', extension(PASS, 'int', 'int'), 'mine() has 2 args while f() has 1 args'],
    ['that takes something else', 'f', extension(PASS, CONTEXT), 'arg0 in mine() is PTR while f() has INT'],
    [
      'of another context',
      'main',
      extension(PASS, OTHER),
      "arg0 mine(struct __sk_buff *) doesn't match main(struct xdp_md *)",
    ],
    ['that calls what the other may not', 'main', extension('call 9\nr0 = 1\nexit', CONTEXT), 'bpf_skb_store_bytes#9'],
    [
      'that reads a number as an address',
      'f',
      extension('r0 = *(u32 *)(r1 + 0)\nexit', 'int'),
      "R1 invalid mem access 'scalar'",
    ],
    ['that reads what it is not given', 'f', extension('r0 = r2\nexit', 'int'), 'R2 !read_ok'],
  ] as const)('%s is refused', (_what, name, row, words) => {
    const { ok, log } = bound(row, name)
    expect(ok).toBe(false)
    expect(log).toContain(words)
  })

  it('that moves the packet in the place of what does not is refused', () => {
    const { log } = bound(extension('r2 = 0\ncall 44\nr0 = 1\nexit', CONTEXT), 'main', quiet)
    expect(log).toContain('Extension program changes packet data, while original does not')
  })

  it('without types is refused', () => {
    const { log } = bound({ asm: PASS, type: PROG_TYPE.EXT }, 'f')
    expect(log).toContain('Program extension requires BTF')
  })

  it('that returns nothing is refused', () => {
    const row = { ...extension(PASS, 'int'), functions: [{ name: 'mine', args: ['int'], returns: 'void' } as const] }
    expect(bound(row, 'f').log).toContain("Return type UNKNOWN of mine() doesn't match type INT of f()")
  })

  it('that is static is refused', () => {
    const row = { ...extension(PASS, 'int'), functions: [{ name: 'mine', args: ['int'], linkage: 'static' } as const] }
    expect(bound(row, 'f').log).toContain('mine() is not a global function')
  })

  it('of an extension is refused', () => {
    const first = accepted(bound(extension('r0 = r1\nexit', 'int'), 'f'))
    expect(bound(extension('r0 = r1\nexit', 'int'), 'mine', first).log).toContain('Cannot recursively attach')
  })

  it.each([
    ['of nothing', 0, 'Tracing programs must provide btf_id'],
    ["of a function of the kernel's", 1, 'Cannot replace kernel functions'],
  ])('%s is refused', (_what, attachBtfId, words) => {
    expect(judge(extension(PASS, CONTEXT), { attachBtfId }).log).toContain(words)
  })

  it('of what is no function of the program is refused', () => {
    const attachBtfId = target.program.btf?.types.find(({ name }) => name === 'xdp_md')?.id ?? 0
    const { log } = judge(extension(PASS, CONTEXT), { attachProgram: target, attachBtfId })
    expect(log).toContain("Subprog xdp_md doesn't exist")
  })

  it('answers what programs of the type that it extends may', () => {
    const cgroup = accepted(
      judge({ asm: 'r0 = 1\nexit', type: PROG_TYPE.CGROUP_SKB, functions: [{ name: 'main', args: [OTHER] }] }),
    )
    expect(bound(extension('r0 = 1\nexit', OTHER), 'main', cgroup).ok).toBe(true)
    expect(bound(extension('r0 = 2\nexit', OTHER), 'main', cgroup).log).toContain('should have been in [0, 1]')
  })
})

function tracer(asm: string, attachType: number, flags: number = 0): Row {
  return { asm, type: PROG_TYPE.TRACING, attachType, flags, functions: [{ name: 'mine', args: ['void *'] }] }
}

const { TRACE_FENTRY, TRACE_FEXIT, MODIFY_RETURN, TRACE_RAW_TP } = ATTACH_TYPE

describe('a program that watches another', () => {
  it.each([
    [
      "the kernel's own context",
      'main',
      tracer('r2 = *(u64 *)(r1 + 0)\nr3 = *(u32 *)(r2 + 0)\nr0 = 0\nexit', TRACE_FENTRY),
    ],
    ['a number', 'f', tracer('r2 = *(u64 *)(r1 + 0)\nr0 = 0\nexit', TRACE_FENTRY)],
    ['the result', 'main', tracer('r2 = *(u64 *)(r1 + 8)\nr0 = 0\nexit', TRACE_FEXIT)],
  ] as const)('sees %s', (_what, name, row) => {
    const { ok, log } = bound(row, name)
    expect(ok, log).toBe(true)
  })

  it.each([
    [
      'a result before there is one',
      'main',
      tracer('r2 = *(u64 *)(r1 + 8)\nr0 = 0\nexit', TRACE_FENTRY),
      "func 'main' doesn't have 2-th argument",
    ],
    [
      'more arguments than there are',
      'f',
      tracer('r2 = *(u64 *)(r1 + 16)\nr0 = 0\nexit', TRACE_FEXIT),
      "func 'f' doesn't have 3-th argument",
    ],
    [
      'half of a context',
      'main',
      tracer('r2 = *(u32 *)(r1 + 0)\nr0 = 0\nexit', TRACE_FENTRY),
      "func 'main' size 4 must be 8",
    ],
    [
      'a context as the program does',
      'main',
      tracer('r2 = *(u64 *)(r1 + 0)\nr3 = *(u32 *)(r2 + 8)\nr0 = 0\nexit', TRACE_FENTRY),
      'access beyond struct xdp_buff at off 8 size 4',
    ],
    [
      'a result to change it',
      'main',
      tracer('r0 = 0\nexit', MODIFY_RETURN),
      "can't modify return codes of BPF programs",
    ],
    [
      'a tracepoint there',
      'main',
      tracer('r0 = 0\nexit', TRACE_RAW_TP),
      'Only FENTRY/FEXIT progs are attachable to another BPF prog',
    ],
    ['anything, asleep', 'main', tracer('r0 = 0\nexit', TRACE_FENTRY, PROG_FLAG.SLEEPABLE), 'main is not sleepable'],
    [
      'a static function',
      'g',
      tracer('r0 = 0\nexit', TRACE_FENTRY),
      'a program bound to g, a static function, is not supported',
    ],
  ] as const)('does not see %s', (_what, name, row, words) => {
    const { ok, log } = bound(row, name)
    expect(ok).toBe(false)
    expect(log).toContain(words)
  })

  it('is not extended', () => {
    const traced = accepted(bound(tracer('r0 = 0\nexit', TRACE_FENTRY), 'main'))
    expect(bound(extension(PASS, 'void *'), 'mine', traced).ok).toBe(false)
  })

  it('needs a program with types', () => {
    const plain = accepted(judge({ asm: PASS, type: PROG_TYPE.XDP }))
    const { log } = judge(tracer('r0 = 0\nexit', TRACE_FENTRY), { attachProgram: plain, attachBtfId: 1 })
    expect(log).toContain('FENTRY/FEXIT program can only be attached to another program annotated with BTF')
  })
})
