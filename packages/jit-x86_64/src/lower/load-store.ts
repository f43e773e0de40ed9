/**
 * Loads and stores, also ordered ones: every x86-64 load acquires and every store releases, so that they are plain
 * moves. A guest address in a register plus the host address of guest memory is one memory operand.
 *
 * @see RFC 9669, sections 5.1 and 5.2; Intel SDM volume 3, section 9.2 (memory ordering)
 */
import type { InstructionName } from '@bpfoundry/isa'
import { type Form, form } from '../asm/form.ts'
import { registerOf } from '../emitter.ts'
import { MEMORY_BASE } from '../register-map.ts'
import type { Lowering, LoweringsOf } from './lowering.ts'

const PREFETCH = form('PREFETCHT0 m8')

/** dst = *(src + off) */
const load =
  (mov: Form): Lowering =>
  ({ asm }, { dst, src, off }) =>
    asm.rm(mov, registerOf(dst), MEMORY_BASE, registerOf(src), off)

/**
 * A byte that nobody reads: in a subprogram that drivers have made it is only to be in the cache. A hint ends at once,
 * whereas a load would hold up the instructions behind it.
 */
const touchOr =
  (load: Lowering): Lowering =>
  (e, insn, pc) => {
    if (e.fn.hidden && !e.isLiveBehind(pc, insn.dst)) e.asm.m(PREFETCH, MEMORY_BASE, registerOf(insn.src), insn.off)
    else load(e, insn, pc)
  }

/** *(dst + off) = src */
const store =
  (mov: Form): Lowering =>
  ({ asm }, { dst, src, off }) =>
    asm.rm(mov, registerOf(src), MEMORY_BASE, registerOf(dst), off)

/** *(dst + off) = imm */
const storeConstant =
  (mov: Form): Lowering =>
  ({ asm }, { dst, off, imm }) =>
    asm.mi(mov, MEMORY_BASE, registerOf(dst), off, imm)

type Size = 'B' | 'H' | 'W' | 'DW'
type Plain = `${'LDX_MEM' | 'LDX_MEMSX' | 'ST_MEM' | 'STX_MEM'}_${Size}`
type Ordered = `${'LOAD_ACQ' | 'STORE_REL'}_${Size}`

// biome-ignore format: table
export const LOAD_STORE: LoweringsOf<Extract<InstructionName, Plain | Ordered>> = {
  // r1 = *(u8 *)(r2 + 4)    ->   movzx edi, byte ptr [r12 + rsi + 4]
  LDX_MEM_B:    touchOr(load(form('MOVZX r32, r/m8'))),
  LDX_MEM_H:    load(form('MOVZX r32, r/m16')),
  LDX_MEM_W:    load(form('MOV r32, r/m32')),
  LDX_MEM_DW:   load(form('MOV r64, r/m64')),
  // r1 = *(s8 *)(r2 + 4)    ->   movsx rdi, byte ptr [r12 + rsi + 4]
  LDX_MEMSX_B:  load(form('MOVSX r64, r/m8')),
  LDX_MEMSX_H:  load(form('MOVSX r64, r/m16')),
  LDX_MEMSX_W:  load(form('MOVSXD r64, r/m32')),
  // *(u8 *)(r1 + 4) = 7     ->   mov byte ptr [r12 + rdi + 4], 7
  ST_MEM_B:     storeConstant(form('MOV r/m8, imm8')),
  ST_MEM_H:     storeConstant(form('MOV r/m16, imm16')),
  ST_MEM_W:     storeConstant(form('MOV r/m32, imm32')),
  ST_MEM_DW:    storeConstant(form('MOV r/m64, imm32')),
  // *(u8 *)(r1 + 4) = r2    ->   mov byte ptr [r12 + rdi + 4], sil
  STX_MEM_B:    store(form('MOV r/m8, r8')),
  STX_MEM_H:    store(form('MOV r/m16, r16')),
  STX_MEM_W:    store(form('MOV r/m32, r32')),
  STX_MEM_DW:   store(form('MOV r/m64, r64')),
  LOAD_ACQ_B:   load(form('MOVZX r32, r/m8')),
  LOAD_ACQ_H:   load(form('MOVZX r32, r/m16')),
  LOAD_ACQ_W:   load(form('MOV r32, r/m32')),
  LOAD_ACQ_DW:  load(form('MOV r64, r/m64')),
  STORE_REL_B:  store(form('MOV r/m8, r8')),
  STORE_REL_H:  store(form('MOV r/m16, r16')),
  STORE_REL_W:  store(form('MOV r/m32, r32')),
  STORE_REL_DW: store(form('MOV r/m64, r64')),
}
