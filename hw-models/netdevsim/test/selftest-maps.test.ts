import { INITIAL_NAMESPACE, type KernelMap, type NetNamespace } from '@bpfoundry/kernel'
import { BPF_ANY, BPF_EXIST, BPF_NOEXIST, ERRNO, MAP_TYPE } from '@bpfoundry/kernel-abi'
import { expect, test } from 'vitest'
import type { NetdevsimPort } from '../src/index.ts'
import { MAP_RET0 } from './sample-objects.ts'
import { failure, type SelftestBed, selftest } from './selftest-bed.ts'

/** tools/testing/selftests/net/bpf_offload.py of Linux 6.12, title by title: maps, and where objects live. */

const key = (n: number): Uint8Array => new Uint8Array(Uint32Array.of(n).buffer)
const value = (n: number): Uint8Array => new Uint8Array(BigUint64Array.of(BigInt(n)).buffer)

interface Maps {
  readonly sim: NetdevsimPort
  readonly array: KernelMap
  readonly htab: KernelMap
  readonly both: readonly KernelMap[]
}

/** A device with the program and its two maps, in the array and the hash the values 0 and 3. */
function filled(bed: SelftestBed): Maps {
  const { sim } = bed.device()
  bed.offload(sim, MAP_RET0)
  const both = bed.kernel.maps
  expect(both).toHaveLength(2)
  const [array, htab] = [MAP_TYPE.ARRAY, MAP_TYPE.HASH].map((type) =>
    both.find(({ attributes }) => attributes.type === type),
  ) as [KernelMap, KernelMap]
  for (const map of both) for (const i of [0, 1]) map.update(key(i), value(3 * i))
  return { sim, array, htab, both }
}

test(
  'Test loading program with maps...',
  selftest((bed) => {
    const { simdev, sim } = bed.device()
    const xdp = bed.offload(sim, MAP_RET0)
    expect(xdp.mode).toBe(3)
    expect(bed.counts(simdev)).toEqual({ bound: 1, total: 1 })
    expect(bed.maps().map(({ type }) => type)).toEqual(['hash', 'array'])
    expect(simdev.boundMaps).toBe(2)
  }),
)

/** @param seen whether who looks is where the device is */
function expectDevice(bed: SelftestBed, sim: NetdevsimPort, seen: boolean, viewer: NetNamespace): void {
  const [program, ...others] = bed.programs(viewer)
  expect(others).toEqual([])
  const { deviceNumber: ns_dev, inode: ns_inode } = sim.namespace
  const place = { ifindex: sim.ifindex, ns_dev, ns_inode }
  expect(program?.dev).toEqual({ ...place, ...(seen ? { ifname: sim.name } : {}) })
  const maps = bed.maps(viewer)
  expect(maps).toHaveLength(2)
  for (const map of maps) expect(map.dev).toEqual(program?.dev)
}

test(
  'Test bpftool bound info reporting (own ns)...',
  selftest((bed) => {
    const { sim } = bed.device()
    bed.offload(sim, MAP_RET0)
    expectDevice(bed, sim, true, INITIAL_NAMESPACE)
  }),
)

test(
  'Test bpftool bound info reporting (other ns)...',
  selftest((bed) => {
    const { sim } = bed.device()
    bed.offload(sim, MAP_RET0)
    sim.setNamespace(bed.kernel.namespaces.add('other'))
    expectDevice(bed, sim, false, INITIAL_NAMESPACE)
  }),
)

test(
  'Test bpftool bound info reporting (remote ns)...',
  selftest((bed) => {
    const { sim } = bed.device()
    bed.offload(sim, MAP_RET0)
    const other = bed.kernel.namespaces.add('other')
    sim.setNamespace(other)
    expectDevice(bed, sim, true, other)
  }),
)

test(
  'Test bpftool bound info reporting (back to own ns)...',
  selftest((bed) => {
    const { sim } = bed.device()
    bed.offload(sim, MAP_RET0)
    sim.setNamespace(bed.kernel.namespaces.add('other'))
    sim.setNamespace(INITIAL_NAMESPACE)
    expectDevice(bed, sim, true, INITIAL_NAMESPACE)
  }),
)

test(
  'Test bpftool bound info reporting (removed dev)...',
  selftest((bed) => {
    const { simdev, sim } = bed.device()
    bed.offload(sim, MAP_RET0)
    const { pinned } = bed.pinProgram()
    const map = bed.pinMap(1)
    simdev.remove()
    expect(bed.programs().map(({ orphaned }) => orphaned)).toEqual([true])
    expect(bed.program(pinned)).toMatchObject({ orphaned: true, jited: false })
    expect(bed.maps()).toEqual([])
    expect(failure(() => bed.kernel.mapInfo(map)).errno).toBe(ERRNO.ENODEV)
  }),
)

test(
  'Test map update (no flags)...',
  selftest((bed) => {
    for (const map of filled(bed).both) {
      expect([0, 1].map((i) => map.lookup(key(i)))).toEqual([value(0), value(3)])
      expect(failure(() => map.update(key(3), value(9), BPF_ANY)).errno).toBe(ERRNO.E2BIG)
    }
  }),
)

test(
  'Test map update (exists)...',
  selftest((bed) => {
    for (const map of filled(bed).both) {
      for (const i of [0, 1]) map.update(key(i), value(5 * i), BPF_EXIST)
      expect(map.lookup(key(1))).toEqual(value(5))
      expect(failure(() => map.update(key(3), value(9), BPF_EXIST)).errno).toBe(ERRNO.ENOENT)
    }
  }),
)

test(
  'Test map update (noexist)...',
  selftest((bed) => {
    for (const map of filled(bed).both) {
      for (const i of [0, 1]) {
        expect(failure(() => map.update(key(i), value(9), BPF_NOEXIST)).errno).toBe(ERRNO.EEXIST)
        expect(map.lookup(key(i))).toEqual(value(3 * i))
      }
    }
  }),
)

test(
  'Test map dump...',
  selftest((bed) => {
    for (const map of filled(bed).both) {
      expect([...map.entries()]).toEqual([0, 1].map((i) => [key(i), value(3 * i)]))
    }
  }),
)

test(
  'Test map getnext...',
  selftest((bed) => {
    for (const map of filled(bed).both) {
      expect(map.nextKey()).toEqual(key(0))
      expect(map.nextKey(key(0))).toEqual(key(1))
      expect(map.nextKey(key(1))).toBeUndefined()
    }
  }),
)

test(
  'Test map delete (htab)...',
  selftest((bed) => {
    const { htab } = filled(bed)
    for (const i of [0, 1]) htab.delete(key(i))
    expect([...htab.entries()]).toEqual([])
  }),
)

test(
  'Test map delete (array)...',
  selftest((bed) => {
    // The kernel's own test asks the emptied hash once more; both answers are held here.
    const { htab, array } = filled(bed)
    for (const i of [0, 1]) htab.delete(key(i))
    for (const i of [0, 1]) {
      expect(failure(() => htab.delete(key(i))).errno).toBe(ERRNO.ENOENT)
      expect(failure(() => array.delete(key(i))).errno).toBe(ERRNO.EINVAL)
    }
  }),
)

test(
  'Test map remove...',
  selftest((bed) => {
    const first = bed.device()
    bed.offload(first.sim, MAP_RET0)
    bed.ip.unsetXdp(first.sim, { word: 'xdpoffload' })
    expect(bed.kernel.maps).toEqual([])
    expect(first.simdev.boundMaps).toBe(0)
    first.simdev.remove()
    const second = bed.device()
    bed.offload(second.sim, MAP_RET0)
    second.simdev.remove()
    expect(bed.kernel.maps).toEqual([])
    expect(second.simdev.boundMaps).toBe(0)
  }),
)

test(
  'Test map creation fail path...',
  selftest((bed) => {
    const { simdev, sim, dfs } = bed.device()
    dfs.write('ports/0/bpf_map_accept', 'N')
    expect(failure(() => bed.offload(sim, MAP_RET0)).errno).toBe(ERRNO.EOPNOTSUPP)
    expect(bed.kernel.maps).toEqual([])
    expect(bed.counts(simdev)).toEqual({ bound: 0, total: 0 })
  }),
)
