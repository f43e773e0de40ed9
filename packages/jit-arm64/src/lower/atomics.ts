/**
 * Atomic operations. With FEAT_LSE one instruction each; without, a loop of load-exclusive and store-exclusive. Those that
 * give back the old value acquire and release, the others have no order, as in the kernel's memory model.
 *
 * @see RFC 9669, section 5.3; Documentation/atomic_t.txt, "ORDERING"
 */
import type { InstructionName } from '@bpfoundry/isa'
import {
  ATOMIC,
  type AtomicOperation,
  casal,
  fetchAtomic,
  ldar,
  ldxr,
  stlr,
  stlxr,
  storeAtomic,
  stxr,
} from '../asm/atomics.ts'
import { cbnz, dmbIsh } from '../asm/branches.ts'
import { add, and, eor, mov, mvn, orr, type ThreeRegisters } from '../asm/data-processing-register.ts'
import { type Register, type SizeLog2, W, type Width, X } from '../asm/registers.ts'
import { addConstant } from '../constants.ts'
import type { Emission } from '../emission.ts'
import { registerOf, SCRATCH, SCRATCH2, SCRATCH3, STATUS } from '../register-map.ts'
import type { Lowering, LoweringsOf } from './lowering.ts'

const R0 = registerOf(0)
const widthOf = (size: SizeLog2): Width => (size === 3 ? X : W)

/** A register with the host address `bpf + off`: atomics have no offset. */
function addressOf(e: Emission, bpf: number, off: number): Register {
  const base = e.hostAddress(bpf)
  if (off === 0) return base
  addConstant(e.code, X, SCRATCH, base, off)
  return SCRATCH
}

/** What LSE has for an operation, and what the loop computes. */
interface Operation {
  readonly lse: AtomicOperation
  readonly compute: ThreeRegisters
  /** LSE clears the bits of its operand: `and` wants the others. */
  readonly inverted?: true
}

const ADD: Operation = { lse: ATOMIC.ADD, compute: add }
const OR: Operation = { lse: ATOMIC.SET, compute: orr }
const AND: Operation = { lse: ATOMIC.CLEAR, compute: and, inverted: true }
const XOR: Operation = { lse: ATOMIC.EOR, compute: eor }

function lseOperand(e: Emission, { inverted }: Operation, sf: Width, value: Register): Register {
  if (inverted === undefined) return value
  e.put(mvn(sf, SCRATCH2, value))
  return SCRATCH2
}

/** Back to the load-exclusive, `insns` instructions before, as long as the store did not happen. */
function repeat(e: Emission, insns: number): void {
  e.put(cbnz(W, STATUS, -4 * insns))
}

/** `lock *(u64 *)(r1 + 0) += r2   ->   add x12, x28, x1; stadd x2, [x12]` */
const update =
  (size: SizeLog2, operation: Operation): Lowering =>
  (e, { dst, src, off }) => {
    const sf = widthOf(size)
    const value = e.source(src)
    const at = addressOf(e, dst, off)
    if (e.options.lse) {
      e.put(storeAtomic(operation.lse, size, lseOperand(e, operation, sf, value), at))
      return
    }
    e.put(ldxr(size, SCRATCH2, at))
    e.put(operation.compute(sf, SCRATCH3, SCRATCH2, value))
    e.put(stxr(size, STATUS, SCRATCH3, at))
    repeat(e, 3)
  }

/** `r2 = atomic_fetch_add((u64 *)(r1 + 0), r2)   ->   add x12, x28, x1; ldaddal x2, x2, [x12]` */
const fetchUpdate =
  (size: SizeLog2, operation: Operation): Lowering =>
  (e, { dst, src, off }) => {
    const sf = widthOf(size)
    const value = e.register(src)
    const at = addressOf(e, dst, off)
    if (e.options.lse) {
      e.put(fetchAtomic(operation.lse, size, lseOperand(e, operation, sf, value), value, at))
      return
    }
    e.put(ldxr(size, SCRATCH2, at))
    e.put(operation.compute(sf, SCRATCH3, SCRATCH2, value))
    e.put(stlxr(size, STATUS, SCRATCH3, at))
    repeat(e, 3)
    e.put(dmbIsh())
    e.put(mov(sf, value, SCRATCH2))
  }

/** `r2 = xchg_64(r1 + 0, r2)   ->   add x12, x28, x1; swpal x2, x2, [x12]` */
const exchange =
  (size: SizeLog2): Lowering =>
  (e, { dst, src, off }) => {
    const value = e.register(src)
    const at = addressOf(e, dst, off)
    if (e.options.lse) {
      e.put(fetchAtomic(ATOMIC.SWAP, size, value, value, at))
      return
    }
    e.put(ldxr(size, SCRATCH2, at))
    e.put(stlxr(size, STATUS, value, at))
    repeat(e, 2)
    e.put(dmbIsh())
    e.put(mov(widthOf(size), value, SCRATCH2))
  }

/** `r0 = cmpxchg_64(r1 + 0, r0, r2)   ->   add x12, x28, x1; casal x0, x2, [x12]` */
const compareExchange =
  (size: SizeLog2): Lowering =>
  (e, { dst, src, off }) => {
    const sf = widthOf(size)
    const value = e.source(src)
    const at = addressOf(e, dst, off)
    if (e.options.lse) {
      e.put(casal(size, R0, value, at))
      return
    }
    e.put(ldxr(size, SCRATCH2, at))
    e.put(eor(sf, SCRATCH3, SCRATCH2, R0))
    e.put(cbnz(sf, SCRATCH3, 12))
    e.put(stlxr(size, STATUS, value, at))
    repeat(e, 4)
    e.put(dmbIsh())
    e.put(mov(sf, R0, SCRATCH2))
  }

/** `r1 = load_acquire((u64 *)(r2 + 0))   ->   add x12, x28, x2; ldar x1, [x12]` */
const loadAcquire =
  (size: SizeLog2): Lowering =>
  (e, { dst, src, off }) =>
    e.put(ldar(size, e.register(dst), addressOf(e, src, off)))

/** `store_release((u64 *)(r1 + 0), r2)   ->   add x12, x28, x1; stlr x2, [x12]` */
const storeRelease =
  (size: SizeLog2): Lowering =>
  (e, { dst, src, off }) => {
    const value = e.source(src)
    e.put(stlr(size, value, addressOf(e, dst, off)))
  }

type Ordered = `${'LOAD_ACQ' | 'STORE_REL'}_${string}`

// biome-ignore format: table
export const ATOMICS: LoweringsOf<Extract<InstructionName, `ATOMIC${number}_${string}` | Ordered>> = {
  ATOMIC32_ADD:       update(2, ADD),          // stadd
  ATOMIC32_OR:        update(2, OR),           // stset
  ATOMIC32_AND:       update(2, AND),          // mvn; stclr
  ATOMIC32_XOR:       update(2, XOR),          // steor
  ATOMIC32_FETCH_ADD: fetchUpdate(2, ADD),     // ldaddal
  ATOMIC32_FETCH_OR:  fetchUpdate(2, OR),      // ldsetal
  ATOMIC32_FETCH_AND: fetchUpdate(2, AND),     // mvn; ldclral
  ATOMIC32_FETCH_XOR: fetchUpdate(2, XOR),     // ldeoral
  ATOMIC32_XCHG:      exchange(2),             // swpal
  ATOMIC32_CMPXCHG:   compareExchange(2),      // casal
  ATOMIC64_ADD:       update(3, ADD),
  ATOMIC64_OR:        update(3, OR),
  ATOMIC64_AND:       update(3, AND),
  ATOMIC64_XOR:       update(3, XOR),
  ATOMIC64_FETCH_ADD: fetchUpdate(3, ADD),
  ATOMIC64_FETCH_OR:  fetchUpdate(3, OR),
  ATOMIC64_FETCH_AND: fetchUpdate(3, AND),
  ATOMIC64_FETCH_XOR: fetchUpdate(3, XOR),
  ATOMIC64_XCHG:      exchange(3),
  ATOMIC64_CMPXCHG:   compareExchange(3),
  LOAD_ACQ_B:         loadAcquire(0),          // ldarb
  LOAD_ACQ_H:         loadAcquire(1),          // ldarh
  LOAD_ACQ_W:         loadAcquire(2),          // ldar
  LOAD_ACQ_DW:        loadAcquire(3),          // ldar
  STORE_REL_B:        storeRelease(0),         // stlrb
  STORE_REL_H:        storeRelease(1),         // stlrh
  STORE_REL_W:        storeRelease(2),         // stlr
  STORE_REL_DW:       storeRelease(3),         // stlr
}
