import { accessBytes } from '@bpfoundry/isa'
import { isLoad, isStore } from '../program/insn-kinds.ts'
import type { InsnRecord } from '../program/insn-record.ts'

/** Most that one command transfers. */
const MAX_CHAIN_BYTES = 128

/** A load whose value the next instruction stores, at the offsets they had. */
interface Pair {
  readonly load: InsnRecord
  readonly store: InsnRecord
}

/**
 * Copies that a compiler unrolled:
 *
 * ```
 *   r3 = *(u32 *)(r1 + 0); *(u32 *)(r2 + 8)  = r3
 *   r3 = *(u32 *)(r1 + 4); *(u32 *)(r2 + 12) = r3     ->   one read of 8 bytes, one write of 8 bytes
 * ```
 * Pairs chain while bases, register and width stay the same and both offsets go up, or both down, by the width; no jump
 * leads in between; and no load reads what an earlier store of the chain wrote.
 *
 * @see nfp_bpf_opt_ldst_gather in nfp/bpf/jit.c
 */
export function gatherCopies(records: readonly InsnRecord[]): void {
  let chain: Pair[] = []
  for (let pc = 0; pc + 1 < records.length; pc++) {
    const pair = pairAt(records, pc)
    if (pair !== undefined && continues(chain, pair)) {
      chain.push(pair)
      pc++
      continue
    }
    closeChain(chain)
    chain = pair === undefined ? [] : [pair]
    if (pair !== undefined) pc++
  }
  // A chain that only the program's end ends is left as it is: see docs/parity/jit-nfp.md.
}

function pairAt(records: readonly InsnRecord[], pc: number): Pair | undefined {
  const load = records[pc]
  const store = records[pc + 1]
  if (load === undefined || store === undefined || !isLoad(load) || !isStore(store)) return undefined
  const from = load.fact.pointer?.kind
  if ((from !== 'pkt' && from !== 'map_value') || store.fact.pointer?.kind !== 'pkt') return undefined
  const sameValue = accessBytes(load.opcode) === accessBytes(store.opcode) && load.dst === store.src
  return sameValue && !store.isTarget ? { load, store } : undefined
}

function continues(chain: readonly Pair[], pair: Pair): boolean {
  const head = chain[0]
  const last = chain.at(-1)
  if (head === undefined || last === undefined) return true
  return follows(last, pair) && !readsWhatWasWritten(head, pair.load) && chainBytes(chain) < MAX_CHAIN_BYTES
}

function follows(last: Pair, next: Pair): boolean {
  const sameBases = next.load.src === last.load.src && next.store.dst === last.store.dst
  const bytes = accessBytes(next.load.opcode)
  if (!sameBases || next.load.dst !== last.load.dst || bytes !== accessBytes(last.load.opcode)) return false
  if (next.load.isTarget) return false
  const step = next.load.off - last.load.off
  return step === next.store.off - last.store.off && Math.abs(step) === bytes
}

/** Offsets of pointers with one id compare; with several ids nothing is known. */
function readsWhatWasWritten(head: Pair, load: InsnRecord): boolean {
  const from = head.load.fact.pointer
  const to = head.store.fact.pointer
  if (from?.kind !== to?.kind) return false
  if ((from?.id ?? 0) !== (to?.id ?? 0)) return true
  const fromStart = int16(head.load.off + (from?.offset ?? 0))
  const toStart = int16(head.store.off + (to?.offset ?? 0))
  const now = int16(load.off + (from?.offset ?? 0))
  const up = now > fromStart && fromStart < toStart && now >= toStart
  const down = now < fromStart && fromStart > toStart && now <= toStart
  return up || down
}

/** The driver keeps these sums in 16 bits. */
const int16 = (value: number): number => (value << 16) >> 16

const chainBytes = (chain: readonly Pair[]): number =>
  chain.reduce((sum, { load }) => sum + accessBytes(load.opcode), 0)

/** Turns a chain of several pairs into a copy at its first load, from the lowest offsets on. */
function closeChain(chain: readonly Pair[]): void {
  const [head, ...rest] = chain
  const last = rest.at(-1)
  if (head === undefined || last === undefined) return
  const descending = last.load.off < head.load.off
  head.load.chain = { lengthBytes: chainBytes(chain), descending, store: head.store }
  if (descending) {
    head.load.off = last.load.off
    head.store.off = last.store.off
  }
  head.store.absorbed = true
  for (const { load, store } of rest) {
    load.absorbed = true
    store.absorbed = true
  }
}
