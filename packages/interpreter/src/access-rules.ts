import { CPU_BLOCK, FRAME_BYTES } from '@bpfoundry/engine'
import type { Region, RegionKind } from '@bpfoundry/guest-memory'
import { PROG_TYPE, XDP_BUFF } from '@bpfoundry/kernel-abi'
import type { Machine } from './machine.ts'
import type { BrokenRule } from './memory-access.ts'

/**
 * Judges an access of `sizeBytes` bytes at `address`, which lies within memory and above the null page.
 *
 * @returns what it breaks; undefined when it is allowed
 */
export type AccessRules = (m: Machine, address: number, sizeBytes: number, write: boolean) => BrokenRule | undefined

/** A stretch of guest memory that may be touched. */
interface Extent {
  readonly start: number
  readonly end: number
}

/** What of a region of some kind an access at `address` may touch; undefined: nothing. */
type Allowance = (m: Machine, region: Region, address: number, write: boolean) => Extent | undefined

const whole: Allowance = (_, region) => ({ start: region.address, end: region.address + region.sizeBytes })
const nothing: Allowance = () => undefined

/** The frames in use of this CPU's stack. */
const framesInUse: Allowance = ({ cpu, depth }, region) =>
  cpu.stackTop > region.address && cpu.stackTop <= region.address + region.sizeBytes
    ? { start: cpu.stackTop - (depth + 1) * FRAME_BYTES, end: cpu.stackTop }
    : undefined

const { cpuId, nowNs, thrown, thrownValue } = CPU_BLOCK.fields
/** Fields of a CPU's block that the fix-ups' instructions touch: helpers in the place of their calls, exceptions. */
const WRITTEN = [thrown, thrownValue]
const READ = [cpuId, nowNs, ...WRITTEN]

const ownFields: Allowance = ({ cpu }, region, address, write) => {
  const offset = address - cpu.block
  const field = (write ? WRITTEN : READ).find(
    (one) => offset >= one.offsetBytes && offset < one.offsetBytes + one.sizeBytes,
  )
  if (region.address !== cpu.block || field === undefined) return undefined
  return { start: cpu.block + field.offsetBytes, end: cpu.block + field.offsetBytes + field.sizeBytes }
}

/** From data_meta to data_end as the context has them now; the whole region for programs other than XDP. */
const livePacket: Allowance = (m, region, address, write) => {
  if (m.image.type !== PROG_TYPE.XDP) return whole(m, region, address, write)
  const field = (offsetBytes: number): number => m.memory.u32[(m.ctx + offsetBytes) >>> 2] as number
  const data = field(XDP_BUFF.data)
  return { start: Math.min(field(XDP_BUFF.dataMeta), data), end: field(XDP_BUFF.dataEnd) }
}

// biome-ignore format: table
const RULES: Readonly<Record<RegionKind, { readonly extent: Allowance; readonly writable: boolean }>> = {
  stack:   { extent: framesInUse, writable: true },
  ctx:     { extent: whole,       writable: true },
  packet:  { extent: livePacket,  writable: true },
  map:     { extent: whole,       writable: true },
  rodata:  { extent: whole,       writable: false },
  scratch: { extent: whole,       writable: true },
  cpu:     { extent: ownFields,   writable: true },
  ring:    { extent: nothing,     writable: false },
}

/**
 * The rules of the access policy `regions`: an access lies wholly inside what its region's kind allows. Only the thread
 * that owns guest memory knows its regions.
 */
export const regionRules: AccessRules = (m, address, sizeBytes, write) => {
  const region = m.memory.regionAt(address)
  if (region === undefined) return { code: 'FAULT_OUT_OF_BOUNDS', expected: 'an address in a live region' }
  const rule = RULES[region.kind]
  const extent = rule.extent(m, region, address, write)
  if (extent === undefined) {
    return { code: 'FAULT_OUT_OF_BOUNDS', expected: `no access to ${region.name} (${region.kind})` }
  }
  if (address < extent.start || address + sizeBytes > extent.end) {
    const bounds = `0x${extent.start.toString(16)} to 0x${extent.end.toString(16)}`
    return { code: 'FAULT_OUT_OF_BOUNDS', expected: `within ${region.name} (${region.kind}), ${bounds}` }
  }
  if (write && !rule.writable) {
    return { code: 'FAULT_READ_ONLY', expected: `no store to ${region.name} (${region.kind})` }
  }
  return undefined
}
