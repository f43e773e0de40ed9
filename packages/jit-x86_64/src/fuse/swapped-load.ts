/** Loads in network byte order. */
import type { InstructionName } from '@bpfoundry/isa'
import { type Form, form } from '../asm/form.ts'
import { registerOf } from '../emitter.ts'
import { MEMORY_BASE } from '../register-map.ts'
import { type Fusion, nameAt } from './fusion.ts'

const MOVZX16 = form('MOVZX r32, r/m16')
const ROL16 = form('ROL r/m16, imm8')

/**
 * `r1 = *(u32 *)(r2 + 4); r1 = be32 r1   ->   movbe edi, dword ptr [r12 + rsi + 4]`
 *
 * Without `movbe`, a load and `bswap` are as short as can be.
 */
export const loadAndSwap =
  (movbe: Form, ...swaps: readonly InstructionName[]): Fusion =>
  (e, pc, end) => {
    const [load, swap] = [e.job.insns[pc]!, e.job.insns[pc + 1]!]
    const name = nameAt(e, pc + 1, end)
    const applies = e.job.features.movbe === true && name !== undefined && swaps.includes(name)
    if (!applies || load.dst !== swap.dst) return pc
    e.asm.rm(movbe, registerOf(load.dst), MEMORY_BASE, registerOf(load.src), load.off)
    return pc + 2
  }

/** `r1 = *(u16 *)(r2 + 4); r1 = be16 r1   ->   movzx edi, word ptr [r12 + rsi + 4]; rol di, 8`, the rest being 0 */
export const loadAndSwap16: Fusion = (e, pc, end) => {
  const [load, swap] = [e.job.insns[pc]!, e.job.insns[pc + 1]!]
  const name = nameAt(e, pc + 1, end)
  if ((name !== 'BE16' && name !== 'BSWAP16') || load.dst !== swap.dst) return pc
  e.asm.rm(MOVZX16, registerOf(load.dst), MEMORY_BASE, registerOf(load.src), load.off)
  e.asm.ri(ROL16, registerOf(load.dst), 8)
  return pc + 2
}
