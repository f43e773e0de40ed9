import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { KernelOracle, kernelOracle, OracleError, type OracleMap } from '@bpfoundry/kernel-oracle'
import { afterAll } from 'vitest'

/** type, key size, value size, max_entries, flags */
export type MapTuple = readonly [number, number, number, number, number]
/** name, key in hex, value in hex or `prog` for a program's fd, flags */
export type MapOperation = readonly ['update' | 'lookup' | 'delete' | 'next', string | null, string, number]

export interface MapCase {
  readonly map: MapTuple
  readonly ops: readonly MapOperation[]
}

const ENOENT = -2
const opened = kernelOracle()
const oracle = opened instanceof KernelOracle ? opened : undefined
afterAll(() => oracle?.close())

/** Why the running kernel can't be asked; undefined when it can. `cpus` is its number of possible CPUs. */
export const kernel: { readonly refusal?: string; readonly cpus: number } =
  opened instanceof KernelOracle ? { cpus: opened.possibleCpus } : { refusal: opened.unavailable, cpus: 2 }

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
const hex = (data: Uint8Array | undefined): string | number =>
  data === undefined ? ENOENT : Buffer.from(data).toString('hex')

/** errno of the creation on the running kernel; 0 when it succeeds. */
export function kernelCreates(tuple: MapTuple): number {
  const map = create(tuple)
  if (typeof map === 'number') return map
  oracle?.close(map.fd)
  return 0
}

/** Results of the operations on the running kernel: 0 or -errno, or hex of what was found. */
export function kernelPerforms(one: MapCase): (number | string)[] {
  const map = create(one.map)
  if (typeof map === 'number') throw new Error(`the kernel refuses ${one.map.join(', ')}: ${map}`)
  const results = one.ops.map((operation) => perform(map, operation))
  oracle?.close(map.fd)
  return results
}

function create([type, keySizeBytes, valueSizeBytes, maxEntries, flags]: MapTuple): OracleMap | number {
  if (oracle === undefined) throw new Error('no kernel to ask')
  try {
    return oracle.createMap({ type, keySizeBytes, valueSizeBytes, maxEntries, flags })
  } catch (error) {
    if (error instanceof OracleError) return error.errno
    throw error
  }
}

function perform(map: OracleMap, [name, key, value, flags]: MapOperation): number | string {
  if (oracle === undefined) throw new Error('no kernel to ask')
  if (name === 'next') return hex(oracle.nextKey(map, key === null ? undefined : bytes(key)))
  if (key === null) throw new Error(`${name} needs a key`)
  if (name === 'lookup') return hex(oracle.lookupMap(map, bytes(key)))
  if (name === 'delete') return -oracle.deleteFromMap(map, bytes(key)) || 0
  return -oracle.updateMap(map, bytes(key), value === 'prog' ? programFd() : bytes(value), flags) || 0
}

let fd: Uint8Array | undefined

/** The fd of a program that does nothing. */
function programFd(): Uint8Array {
  if (fd !== undefined) return fd
  const insns = bytes('b7000000000000009500000000000000')
  const answer = oracle?.loadProgram({ type: PROG_TYPE.SOCKET_FILTER, insns, logLevel: 0 })
  fd = new Uint8Array(Int32Array.of(answer?.fd ?? -1).buffer)
  return fd
}
