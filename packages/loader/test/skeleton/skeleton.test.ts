import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BtfError } from '@bpfoundry/btf'
import { describe, expect, test } from 'vitest'
import {
  defineSkeleton,
  type LoadedProgram,
  LoaderError,
  type LoaderKernel,
  type ReadableMap,
  type SkeletonDefinition,
} from '../../src/index.ts'

const PROGRAMS = join(import.meta.dirname, '../../../../fixtures/programs')
const CPUS = 2

/** What `bpfoundry gen skeleton` says of calls.v3.o. */
interface CallsShape {
  readonly programs: { readonly sample: string }
  readonly maps: Record<never, never>
  readonly variables: { threshold_bytes: bigint; seen: number; last_hash: number; long_packets: bigint }
  readonly constants: { sample_every: number }
  readonly types: Record<never, never>
}

interface Count {
  readonly packets: bigint
  readonly bytes: bigint
}

/** And of l4lb.v3.o. */
interface L4lbShape {
  readonly programs: { readonly balance: string }
  readonly maps: {
    readonly services: {
      readonly key: { readonly addr: number; readonly port: number; readonly protocol: number }
      readonly value: { readonly number: number; readonly backends: number }
    }
    readonly balanced: { readonly key: number; readonly value: readonly Count[] }
  }
  readonly variables: Record<never, never>
  readonly constants: { tunnel_source: number }
  readonly types: { readonly Count: Count }
}

function define<S extends CallsShape | L4lbShape>(path: string, types: Record<string, number>): SkeletonDefinition<S> {
  return defineSkeleton<S>(path, types, () => readFileSync(join(PROGRAMS, path)).toString('base64'))
}

const calls = define<CallsShape>('calls/calls.v3.o', {})
const l4lb = define<L4lbShape>('l4lb/l4lb.v3.o', { Count: 35 })

/** A kernel of byte strings. */
function plainKernel(): LoaderKernel<ReadableMap, LoadedProgram> & { readonly open: Set<string> } {
  const open = new Set<string>()
  let fd = 3
  return {
    open,
    createMap(attributes) {
      open.add(attributes.name)
      const entries = new Map<string, Uint8Array>()
      const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
      const keys = (): string[] => [...entries.keys()]
      const isPerCpu = attributes.name === 'balanced'
      return {
        ...{ id: fd, fd: fd++, attributes },
        valueBytes: isPerCpu ? Math.ceil(attributes.valueSizeBytes / 8) * 8 * CPUS : attributes.valueSizeBytes,
        update: (key, value) => void entries.set(hex(key), value.slice()),
        writeStart() {},
        lookup: (key) => entries.get(hex(key)),
        delete: (key) => void entries.delete(hex(key)),
        nextKey(key) {
          const next = keys()[key === undefined ? 0 : keys().indexOf(hex(key)) + 1]
          return next === undefined ? undefined : Uint8Array.from(Buffer.from(next, 'hex'))
        },
        freeze() {},
        close: () => void open.delete(attributes.name),
      }
    },
    loadProgram({ name }) {
      open.add(name)
      return { id: fd, fd: fd++, name, close: () => void open.delete(name) }
    },
  }
}

describe('variables', () => {
  test('start with what the source says, or with what they are set to', () => {
    const skeleton = calls.open()
    expect({ ...skeleton.variables }).toEqual({
      ...{ sample_every: 4, seen: 100, threshold_bytes: 64n, long_packets: 0n, last_hash: 0 },
    })
    skeleton.variables.threshold_bytes = 1n << 63n
    skeleton.variables.long_packets = 7n
    skeleton.variables.sample_every = 3
    const { variables } = skeleton.load(plainKernel())
    // Those of .bss that nobody set are zeros that the kernel makes.
    expect({ ...variables }).toEqual({
      ...{ sample_every: 3, seen: 100, threshold_bytes: 1n << 63n, long_packets: 7n, last_hash: 0 },
    })
    expect(calls.open().variables.sample_every).toBe(4)
  })

  test('are live once they are loaded; constants are for good', () => {
    const { variables } = calls.open().load(plainKernel())
    variables.seen = 1
    expect([variables.seen, variables.threshold_bytes]).toEqual([1, 64n])
    const loose = variables as { sample_every: number }
    expect(() => {
      loose.sample_every = 5
    }).toThrowError(LoaderError)
  })

  test('take no value that does not fit', () => {
    const { variables } = calls.open()
    expect(() => {
      variables.seen = 2 ** 32
    }).toThrowError(BtfError)
    expect(() => Object.assign(variables, { sen: 1 })).toThrowError(TypeError)
  })
})

describe('maps', () => {
  test('have keys and values by their types', () => {
    const { maps } = l4lb.open().load(plainKernel())
    const key = { addr: 0x0a000001, port: 80, protocol: 6 }
    maps.services.set(key, { number: 3, backends: 2 })
    expect(maps.services.get(key)).toEqual({ number: 3, backends: 2 })
    expect([...maps.services.entries()]).toEqual([[key, { number: 3, backends: 2 }]])
    // Address and port lie in network order, the protocol in the machine's.
    const bytes = Uint8Array.of(10, 0, 0, 1, 0, 80, 6, 0)
    expect(maps.services.map.lookup(bytes)).toEqual(Uint8Array.of(3, 0, 0, 0, 2, 0, 0, 0))
    maps.services.delete(key)
    expect(maps.services.get(key)).toBeUndefined()
  })

  test('of all CPUs have a value for each', () => {
    const { maps } = l4lb.open().load(plainKernel())
    const counts = [1n, 2n].map((packets) => ({ packets, bytes: packets * 60n }))
    maps.balanced.set(5, counts)
    expect(maps.balanced.get(5)).toEqual(counts)
    expect(() => maps.balanced.set(5, counts.slice(1))).toThrowError(LoaderError)
  })
})

test('programs are there by name, those that were asked for', () => {
  const { programs } = l4lb.open().load(plainKernel())
  expect(programs.balance.name).toBe('balance')
  const none = l4lb.open().load(plainKernel(), { programs: [] })
  expect(() => none.programs.balance).toThrowError(expect.objectContaining({ code: 'LOADER_PROGRAM_UNKNOWN' }))
})

test('types turn bytes into values', () => {
  const { Count } = l4lb.open().types
  const bytes = Count.encode({ packets: 1n, bytes: 258n })
  expect(bytes).toEqual(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0))
  expect(Count.decode(bytes)).toEqual({ packets: 1n, bytes: 258n })
})

test('closing closes all of it', () => {
  const kernel = plainKernel()
  const loaded = l4lb.open().load(kernel)
  expect(kernel.open.has('balance')).toBe(true)
  loaded.close()
  loaded.close()
  expect([...kernel.open]).toEqual([])
})
