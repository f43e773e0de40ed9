/**
 * Atomic operations. WebAssembly's are sequentially consistent and, as the interpreter's, trap where they are misaligned.
 *
 * @see RFC 9669, section 5.3
 */
import { BPF_REG_0, type InstructionRow } from '@bpfoundry/isa'
import { OP } from '../binary/opcode.ts'
import type { Bits, Lower } from '../function-writer.ts'

type Modify = 'add' | 'or' | 'and' | 'xor' | 'xchg'
type Width = 8 | 16 | 32 | 64

/** Instruction for 32 bits, for 64 bits. Both answer what memory held. */
// biome-ignore format: table
const MODIFY: Readonly<Record<Modify, readonly [number, number]>> = {
  add:  [OP['i32.atomic.rmw.add'],  OP['i64.atomic.rmw.add']],
  or:   [OP['i32.atomic.rmw.or'],   OP['i64.atomic.rmw.or']],
  and:  [OP['i32.atomic.rmw.and'],  OP['i64.atomic.rmw.and']],
  xor:  [OP['i32.atomic.rmw.xor'],  OP['i64.atomic.rmw.xor']],
  xchg: [OP['i32.atomic.rmw.xchg'], OP['i64.atomic.rmw.xchg']],
}

// biome-ignore format: table
const LOAD: Readonly<Record<Width, number>> = {
  8:  OP['i64.atomic.load8_u'],
  16: OP['i64.atomic.load16_u'],
  32: OP['i64.atomic.load32_u'],
  64: OP['i64.atomic.load'],
}

// biome-ignore format: table
const STORE: Readonly<Record<Width, number>> = {
  8:  OP['i64.atomic.store8'],
  16: OP['i64.atomic.store16'],
  32: OP['i64.atomic.store32'],
  64: OP['i64.atomic.store'],
}

/** Binary logarithm of the access size: the alignment that atomics must name. */
const alignmentOf = (bits: Width): number => 28 - Math.clz32(bits)

/** Kind `atomic`. */
export function lowerAtomic(row: InstructionRow): Lower {
  return row.operation === 'cmpxchg' ? lowerCompareExchange(row.bits as Bits) : lowerModify(row, row.bits as Bits)
}

/** lock *(r1 + off) op= r2, with the old value to r2 where the row says that it is written */
function lowerModify(row: InstructionRow, bits: Bits): Lower {
  const opcode = MODIFY[row.operation.replace('fetch_', '') as Modify][bits === 32 ? 0 : 1]
  const alignment = alignmentOf(bits)
  return (f, { dst, src, off }) => {
    const offset = f.address(dst, off)
    f.get(bits, src)
    f.code.memory(opcode, alignment, offset)
    if (row.src === 'rw') f.set(bits, src)
    else f.code.op(OP.drop)
  }
}

/** r0 = *(r1 + off); *(r1 + off) = r2 where it was equal to r0 */
function lowerCompareExchange(bits: Bits): Lower {
  const opcode = OP[bits === 32 ? 'i32.atomic.rmw.cmpxchg' : 'i64.atomic.rmw.cmpxchg']
  const alignment = alignmentOf(bits)
  return (f, { dst, src, off }) => {
    const offset = f.address(dst, off)
    f.get(bits, BPF_REG_0)
    f.get(bits, src)
    f.code.memory(opcode, alignment, offset)
    f.set(bits, BPF_REG_0)
  }
}

/** Kind `load_acq`. */
export function lowerLoadAcquire(row: InstructionRow): Lower {
  const opcode = LOAD[row.bits]
  const alignment = alignmentOf(row.bits)
  return (f, { dst, src, off }) => {
    const offset = f.address(src, off)
    f.code.memory(opcode, alignment, offset)
    f.set(64, dst)
  }
}

/** Kind `store_rel`. */
export function lowerStoreRelease(row: InstructionRow): Lower {
  const opcode = STORE[row.bits]
  const alignment = alignmentOf(row.bits)
  return (f, { dst, src, off }) => {
    const offset = f.address(dst, off)
    f.get(64, src)
    f.code.memory(opcode, alignment, offset)
  }
}
