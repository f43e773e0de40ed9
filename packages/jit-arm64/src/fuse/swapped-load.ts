/** Loads in network byte order. */
import type { Insn } from '@bpfoundry/isa'
import { rev16 } from '../asm/data-processing-register.ts'
import { W } from '../asm/registers.ts'
import { LOWERINGS } from '../lower/lowerings.ts'
import { R10, registerOf } from '../register-map.ts'
import type { Fusion } from './fusion.ts'

/** `r1 = *(u16 *)(r2 + 12); r1 = be16 r1   ->   ldrh w1, [x12, #12]; rev16 w1, w1`: the rest is 0 already */
export const loadAndSwap16: Fusion = (e, pc, end) => {
  const { insns, rows } = e.facts
  const [load, swap] = [insns[pc] as Insn, insns[pc + 1] as Insn]
  const name = pc + 1 < end ? rows[pc + 1]?.name : undefined
  if ((name !== 'BE16' && name !== 'BSWAP16') || load.dst !== swap.dst || load.dst === R10) return pc
  LOWERINGS[rows[pc]!.id]!(e, load)
  e.put(rev16(W, registerOf(load.dst), registerOf(load.dst)))
  return pc + 2
}
