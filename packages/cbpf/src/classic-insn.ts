import { CbpfError } from './cbpf-error.ts'

/** One instruction of classic BPF, as struct sock_filter. */
export interface ClassicInsn {
  /** 16 bits. */
  readonly code: number
  /** Instructions to skip when the comparison holds, 0 to 255. */
  readonly jt: number
  /** Instructions to skip when it does not. */
  readonly jf: number
  /** 32 bits, unsigned. */
  readonly k: number
}

/** The fields in the order of struct sock_filter, with what fits them. */
// biome-ignore format: table
export const CLASSIC_FIELDS: readonly (readonly [field: keyof ClassicInsn, max: number])[] = [
  ['code', 0xffff],
  ['jt',   0xff],
  ['jf',   0xff],
  ['k',    0xffffffff],
]

/** The first field whose value does not fit. */
export function misfit(insn: ClassicInsn): { readonly field: keyof ClassicInsn; readonly max: number } | undefined {
  for (const [field, max] of CLASSIC_FIELDS) {
    const value = insn[field]
    if (!(Number.isInteger(value) && value >= 0 && value <= max)) return { field, max }
  }
  return undefined
}

/** A statement, as the kernel's `BPF_STMT(code, k)`. */
export function BPF_STMT(code: number, k: number): ClassicInsn {
  return { code, jt: 0, jf: 0, k: k >>> 0 }
}

/** A comparison, as the kernel's `BPF_JUMP(code, k, jt, jf)`. */
export function BPF_JUMP(code: number, k: number, jt: number, jf: number): ClassicInsn {
  return { code, jt, jf, k: k >>> 0 }
}

/** @throws CbpfError CBPF_FIELD_RANGE */
export function requireFit(insn: ClassicInsn, pc: number): void {
  const wrong = misfit(insn)
  if (wrong === undefined) return
  throw new CbpfError({
    code: 'CBPF_FIELD_RANGE',
    message: `${wrong.field} of the instruction does not fit its bits`,
    where: { pc },
    got: String(insn[wrong.field]),
    expected: `an integer from 0 to ${wrong.max}`,
  })
}
