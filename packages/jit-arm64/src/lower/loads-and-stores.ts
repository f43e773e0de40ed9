/**
 * Loads and stores, at any alignment, as A64 allows it.
 *
 * @see RFC 9669, sections 5.1 and 5.2
 */
import type { InstructionName } from '@bpfoundry/isa'
import {
  type Access,
  LOAD,
  LOAD_SIGNED,
  loadStoreIndexed,
  loadStoreUnscaled,
  loadStoreUnsignedImmediate,
  PLDL1KEEP,
  PREFETCH,
  STORE,
} from '../asm/loads-and-stores.ts'
import { type Register, type SizeLog2, X, ZR } from '../asm/registers.ts'
import { loadConstant } from '../constants.ts'
import type { Emission } from '../emission.ts'
import { MEMORY, SCRATCH, SCRATCH2 } from '../register-map.ts'
import type { Lowering, LoweringsOf } from './lowering.ts'

const MAX_UNITS = 4095

/**
 * One access at `*(bpf + off)`.
 *
 * - off 0 and the host address not known: `[x28, xN]`
 * - else from the host address, made once and kept (see HostAddresses): `[x12, #off]`, in units of the access or as
 *   a signed byte offset of 9 bits; beyond that with the offset in a register
 */
function access(e: Emission, size: SizeLog2, opc: Access, bpf: number, off: number, Rt: Register): void {
  if (off === 0 && e.knownHostAddress(bpf) === undefined) {
    e.put(loadStoreIndexed(size, opc, e.register(bpf), MEMORY, Rt))
    return
  }
  const base = e.hostAddress(bpf)
  const units = off / (1 << size)
  if (units >= 0 && units <= MAX_UNITS && Number.isInteger(units)) {
    e.put(loadStoreUnsignedImmediate(size, opc, off, base, Rt))
  } else if (off >= -256 && off < 256) e.put(loadStoreUnscaled(size, opc, off, base, Rt))
  else {
    loadConstant(e.code, X, SCRATCH, off)
    e.put(loadStoreIndexed(size, opc, SCRATCH, base, Rt))
  }
}

const load =
  (size: SizeLog2, opc: Access): Lowering =>
  (e, { dst, src, off }) =>
    access(e, size, opc, src, off, e.register(dst))

/**
 * A byte that nobody reads: in a subprogram that drivers have made it is only to be in the cache. A hint ends at once,
 * whereas a load would hold up the instructions behind it.
 */
const touchOr =
  (lower: Lowering): Lowering =>
  (e, insn) => {
    if (e.hidden && !e.isLiveBehind(e.pc, insn.dst)) access(e, 3, PREFETCH, insn.src, insn.off, PLDL1KEEP)
    else lower(e, insn)
  }

const store =
  (size: SizeLog2): Lowering =>
  (e, { dst, src, off }) =>
    access(e, size, STORE, dst, off, e.source(src))

const storeImmediate =
  (size: SizeLog2): Lowering =>
  (e, { dst, off, imm }) => {
    // The shortest constant whose low bits are the ones stored.
    const value = size === 0 ? imm & 0xff : size === 1 ? imm & 0xffff : imm
    if (value !== 0) loadConstant(e.code, size === 3 ? 1 : 0, SCRATCH2, value)
    access(e, size, STORE, dst, off, value === 0 ? ZR : SCRATCH2)
  }

type Names = Exclude<Extract<InstructionName, `${'LDX' | 'ST' | 'STX'}_${string}`>, `LDX_PROBE_${string}`>

// biome-ignore format: table
export const LOADS_AND_STORES: LoweringsOf<Names> = {
  LDX_MEM_B:   touchOr(load(0, LOAD)),// r1 = *(u8 *)(r2 + 0)    ->  ldrb w1, [x28, x2]
  LDX_MEM_H:   load(1, LOAD),         // r1 = *(u16 *)(r2 + 4)   ->  add x12, x28, x2; ldrh w1, [x12, #4]
  LDX_MEM_W:   load(2, LOAD),         // r1 = *(u32 *)(r10 - 4)  ->  ldur w1, [x23, #-4]
  LDX_MEM_DW:  load(3, LOAD),         // r1 = *(u64 *)(r2 + 0)   ->  ldr x1, [x28, x2]
  LDX_MEMSX_B: load(0, LOAD_SIGNED),  // r1 = *(s8 *)(r2 + 0)    ->  ldrsb x1, [x28, x2]
  LDX_MEMSX_H: load(1, LOAD_SIGNED),  // r1 = *(s16 *)(r2 + 0)   ->  ldrsh x1, [x28, x2]
  LDX_MEMSX_W: load(2, LOAD_SIGNED),  // r1 = *(s32 *)(r2 + 0)   ->  ldrsw x1, [x28, x2]
  ST_MEM_B:    storeImmediate(0),     // *(u8 *)(r2 + 0) = 5     ->  mov w10, #5; strb w10, [x28, x2]
  ST_MEM_H:    storeImmediate(1),     // *(u16 *)(r2 + 0) = 5    ->  mov w10, #5; strh w10, [x28, x2]
  ST_MEM_W:    storeImmediate(2),     // *(u32 *)(r10 - 4) = 0   ->  stur wzr, [x23, #-4]
  ST_MEM_DW:   storeImmediate(3),     // *(u64 *)(r2 + 0) = -1   ->  mov x10, #-1; str x10, [x28, x2]
  STX_MEM_B:   store(0),              // *(u8 *)(r2 + 0) = r1    ->  strb w1, [x28, x2]
  STX_MEM_H:   store(1),              // *(u16 *)(r2 + 0) = r1   ->  strh w1, [x28, x2]
  STX_MEM_W:   store(2),              // *(u32 *)(r2 + 0) = r1   ->  str w1, [x28, x2]
  STX_MEM_DW:  store(3),              // *(u64 *)(r2 + 0) = r1   ->  str x1, [x28, x2]
}
