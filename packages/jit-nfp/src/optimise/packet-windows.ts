import { accessBytes } from '@bpfoundry/isa'
import { isCall, isClassicLoad, isLoad, isPacketStore } from '../program/insn-kinds.ts'
import { type CacheWindow, type InsnRecord, isSkipped } from '../program/insn-record.ts'

/** Bytes that a window spans at most. */
const MAX_WINDOW_BYTES = 64

interface Window {
  readonly reader: InsnRecord
  readonly id: number
  readonly offset: number
  start: number
  end: number
}

/**
 * Loads from the packet that follow each other read it once: all that lie within 64 bytes behind one pointer take their
 * bytes from the transfer registers of the first. What may change the packet or those registers, and whatever a jump
 * leads to, begins anew.
 *
 * @see nfp_bpf_opt_pkt_cache in nfp/bpf/jit.c
 */
export function sharePacketReads(records: readonly InsnRecord[]): void {
  spread(records, findWindows(records))
}

function findWindows(records: readonly InsnRecord[]): Map<InsnRecord, CacheWindow> {
  const found = new Map<InsnRecord, CacheWindow>()
  let open: Window | undefined
  const close = (): void => {
    if (open !== undefined) found.set(open.reader, { start: open.start, end: open.end, reads: true })
    open = undefined
  }
  for (const record of records) {
    if (record.isTarget) close()
    if (isSkipped(record)) continue
    if (endsWindow(record)) close()
    else if (isPlainPacketLoad(record) && !(open !== undefined && joins(open, record))) {
      close()
      open = windowOf(record)
    }
  }
  close()
  return found
}

const isPlainPacketLoad = (record: InsnRecord): boolean =>
  isLoad(record) && record.fact.pointer?.kind === 'pkt' && record.chain === undefined

function endsWindow(record: InsnRecord): boolean {
  if (isPacketStore(record) || isCall(record) || isClassicLoad(record)) return true
  return isLoad(record) && !isPlainPacketLoad(record)
}

function windowOf(reader: InsnRecord): Window {
  const { id = 0, offset = 0 } = reader.fact.pointer ?? {}
  return { reader, id, offset, start: reader.off, end: reader.off + accessBytes(reader.opcode) }
}

/** Widens the window by a load, when it may. */
function joins(window: Window, record: InsnRecord): boolean {
  const { id = 0, offset = 0 } = record.fact.pointer ?? {}
  if (id !== window.id || offset !== window.offset) return false
  const start = Math.min(window.start, record.off)
  const end = Math.max(window.end, record.off + accessBytes(record.opcode))
  if (end - start > MAX_WINDOW_BYTES) return false
  window.start = start
  window.end = end
  return true
}

/** Each load that does not read takes the window of the last one that does. */
function spread(records: readonly InsnRecord[], found: ReadonlyMap<InsnRecord, CacheWindow>): void {
  let current: CacheWindow | undefined
  for (const record of records) {
    if (isSkipped(record) || !isPlainPacketLoad(record)) continue
    const own = found.get(record)
    current = own ?? (current && { ...current, reads: false })
    record.window = current
  }
}
