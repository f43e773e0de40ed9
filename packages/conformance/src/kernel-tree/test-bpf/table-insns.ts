import type { ClassicInsn } from '@bpfoundry/cbpf'
import type { Insn } from '@bpfoundry/isa'
import type { TableRow } from './table-row.ts'

/** struct bpf_insn. */
export function insnsOf(rows: readonly TableRow[]): readonly Insn[] {
  const insns = rows.map((row) => ({
    opcode: row.number('code'),
    dst: row.number('dst_reg'),
    src: row.number('src_reg'),
    off: row.number('off'),
    imm: row.number('imm'),
  }))
  return withoutTail(insns, ({ opcode, dst, src, imm }) => (opcode | dst | src | imm) === 0)
}

/** struct sock_filter. */
export function classicInsnsOf(rows: readonly TableRow[]): readonly ClassicInsn[] {
  const insns = rows.map((row) => ({
    code: row.number('code'),
    jt: row.number('jt'),
    jf: row.number('jf'),
    k: row.number('k'),
  }))
  return withoutTail(insns, ({ code, k }) => (code | k) === 0)
}

/** The kernel counts the instructions of a test up to the last one that is not zero, but at least one. */
function withoutTail<One>(all: readonly One[], isZero: (one: One) => boolean): readonly One[] {
  const last = all.findLastIndex((one) => !isZero(one))
  return all.slice(0, Math.max(last, 0) + 1)
}
