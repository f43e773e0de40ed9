import { resolve } from 'node:path'
import type { BtfValue } from '@bpfoundry/btf'
import { parsePrefix, readIpv4 } from '@bpfoundry/packet'
import { type BenchMap, fillMap, readText } from '@bpfoundry/testbench'
import type { AddressElements, MapDescription, MapElement } from '../schema/program.ts'

/** Ifindexes of a host's interfaces, by name. */
export type InterfaceIndex = ReadonlyMap<string, number>

const IFINDEX = /^ifindex\((.+)\)$/

/** A part of a map's description and what it does, so that an error tells its place. */
export interface ContentStep {
  readonly path: readonly (string | number)[]
  run(): void
}

/** What has to be done to fill a map as its description says. */
export function contentSteps(
  map: BenchMap,
  description: MapDescription,
  folder: string,
  interfaces: InterfaceIndex,
): ContentStep[] {
  const { entries, file, addresses } = description
  const steps: ContentStep[] = []
  if (addresses !== undefined) steps.push({ path: ['addresses'], run: () => setAddresses(map, addresses) })
  if (file !== undefined)
    steps.push({ path: ['file'], run: () => void fillMap(map, readText(resolve(folder, file)), file) })
  for (const [index, element] of entries.entries())
    steps.push({ path: ['entries', index], run: () => setElement(map, element, interfaces) })
  return steps
}

/** Sets one element; `ifindex(eth1)` in its key or value stands for an interface. */
export function setElement(map: BenchMap, { key, value }: MapElement, interfaces: InterfaceIndex): void {
  map.set(withIndexes(key, interfaces), withIndexes(value, interfaces))
}

/** The value with interfaces by their numbers. @throws RangeError for an unknown one */
export function withIndexes(value: BtfValue, interfaces: InterfaceIndex): BtfValue {
  if (typeof value === 'string') {
    const name = IFINDEX.exec(value)?.[1]
    if (name === undefined) return value
    const index = interfaces.get(name)
    if (index === undefined)
      throw new RangeError(`no such interface: ${name}; there are ${[...interfaces.keys()].join(', ')}`)
    return index
  }
  if (Array.isArray(value)) return value.map((item) => withIndexes(item as BtfValue, interfaces))
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return Object.fromEntries(
    Object.entries(value).map(([member, item]) => [member, withIndexes(item as BtfValue, interfaces)]),
  )
}

/** More addresses than this are a file's or a program's to set. */
const MOST_ADDRESSES = 2 ** 24
const BATCH = 2 ** 16

/** Sets an element for each address of a prefix. @throws RangeError for keys that are no addresses */
export function setAddresses(map: BenchMap, { prefix, value }: AddressElements): void {
  const { family, address, prefixBits } = parsePrefix(prefix)
  const { keySizeBytes } = map.kernelMap.attributes
  if (family !== 4 || keySizeBytes !== 4)
    throw new RangeError('only keys of four bytes can be the addresses of an IPv4 prefix')
  const total = 2 ** (32 - prefixBits)
  if (total > MOST_ADDRESSES) throw new RangeError(`${total} addresses: at most ${MOST_ADDRESSES}, a /8`)
  const first = Math.floor(readIpv4(address, 0) / total) * total
  const one = map.encodeValue(value)
  for (let done = 0; done < total; done += BATCH) {
    const count = Math.min(BATCH, total - done)
    const keys = new DataView(new ArrayBuffer(count * 4))
    const values = new Uint8Array(count * one.length)
    for (let n = 0; n < count; n++) {
      keys.setUint32(4 * n, first + done + n)
      values.set(one, n * one.length)
    }
    map.setMany(new Uint8Array(keys.buffer), values, count)
  }
}
