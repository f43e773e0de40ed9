import type { KernelMap, KernelProgram } from '@bpfoundry/kernel'
import { ERRNO, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { expect, test } from 'vitest'
import { loadForDevice, type NetdevsimDevice, type NetdevsimPort } from '../src/index.ts'
import { MAP_RET0 } from './sample-objects.ts'
import { failure, type SelftestBed, selftest, xdpOf } from './selftest-bed.ts'

/** tools/testing/selftests/net/bpf_offload.py of Linux 6.12, title by title: cards with several ports. */

interface Pin {
  readonly pinned: KernelProgram
  readonly file: string
}

interface TwoCards {
  readonly cardA: NetdevsimDevice
  readonly cardB: NetdevsimDevice
  readonly portA: NetdevsimPort
  readonly portsB: readonly [NetdevsimPort, NetdevsimPort, NetdevsimPort]
  readonly programA: Pin
  readonly programB: Pin
}

function load(bed: SelftestBed, { ifindex }: NetdevsimPort, maps: Record<string, KernelMap> = {}): Pin {
  const objects = loadForDevice(bed.kernel, MAP_RET0.object, { type: PROG_TYPE.XDP, ifindex, maps })
  const pinned = objects.programs.get('func') as KernelProgram
  pinned.hold()
  objects.close()
  return { pinned, file: 'nsim' }
}

/** Card A with one port, card B with three; a program for each, in hardware everywhere where `attached`. */
function twoCards(bed: SelftestBed, attached = true): TwoCards {
  const [cardA, cardB] = [bed.bus.addDevice(), bed.bus.addDevice({ ports: 3 })]
  const portA = cardA.port(0)
  const portsB = cardB.ports as unknown as TwoCards['portsB']
  const [programA, programB] = [load(bed, portA), load(bed, portsB[0])]
  if (attached) bed.offload(portA, programA)
  if (attached) for (const port of portsB) bed.offload(port, programB)
  return { cardA, cardB, portA, portsB, programA, programB }
}

const nameOf = (bed: SelftestBed, { pinned }: Pin): string | undefined => bed.program(pinned).dev?.ifname

test(
  'Test multi-dev ASIC program reuse...',
  selftest((bed) => {
    const { cardA, cardB, portA, portsB, programA, programB } = twoCards(bed)
    expect(portA.offloadedId).toBe(programA.pinned.id)
    expect(portsB.map(({ offloadedId }) => offloadedId)).toEqual(portsB.map(() => programB.pinned.id))
    expect([cardA.boundPrograms.length, cardB.boundPrograms.length]).toEqual([1, 1])
  }),
)

test(
  'Test multi-dev ASIC cross-dev replace...',
  selftest((bed) => {
    const { portA, portsB, programA, programB } = twoCards(bed)
    expect(failure(() => bed.offload(portA, programB, true)).errno).toBe(ERRNO.EINVAL)
    for (const port of portsB) expect(failure(() => bed.offload(port, programA, true)).errno).toBe(ERRNO.EINVAL)
    expect(portA.offloadedId).toBe(programA.pinned.id)
  }),
)

test(
  'Test multi-dev ASIC cross-dev install...',
  selftest((bed) => {
    const { portA, portsB, programA, programB } = twoCards(bed)
    for (const port of [portA, ...portsB]) {
      bed.ip.unsetXdp(port, { word: 'xdpoffload' })
      expect(xdpOf(port)).toBeUndefined()
    }
    const said = 'Error: Program bound to different device.'
    expect(failure(() => bed.offload(portA, programB, true)).said).toBe(said)
    for (const port of portsB) expect(failure(() => bed.offload(port, programA, true)).said).toBe(said)
  }),
)

test(
  'Test multi-dev ASIC cross-dev map reuse...',
  selftest((bed) => {
    const { portA, portsB, programA, programB } = twoCards(bed, false)
    const [mapA, mapB] = [programA, programB].map(({ pinned }) => pinned.maps[0]) as [KernelMap, KernelMap]
    const again = load(bed, portsB[2], { htab: mapB })
    expect(again.pinned.maps).toContain(mapB)
    again.pinned.drop()
    for (const [port, map] of [
      [portA, mapB],
      [portsB[0], mapA],
    ] as const) {
      const refused = failure(() => load(bed, port, { htab: map }))
      expect(refused.errno).toBe(ERRNO.EINVAL)
      expect(refused.log).toContain('offload device mismatch between prog and map\n')
    }
    expect(bed.loaded()).toBe(2)
  }),
)

test(
  'Test multi-dev ASIC cross-dev destruction...',
  selftest((bed) => {
    const { cardA, cardB, portsB, programB } = twoCards(bed)
    expect(bed.loaded()).toBe(2)
    cardA.remove()
    expect(bed.loaded()).toBe(1)
    expect(nameOf(bed, programB)).toBe(portsB[0].name)
    portsB[0].remove()
    expect(bed.loaded()).toBe(1)
    expect(cardB.boundPrograms).toHaveLength(1)
  }),
)

test(
  'Test multi-dev ASIC cross-dev destruction - move...',
  selftest((bed) => {
    const { portsB, programB } = twoCards(bed)
    const [first, second, third] = portsB
    first.remove()
    expect([second.name, third.name]).toContain(nameOf(bed, programB))
    second.remove()
    expect(nameOf(bed, programB)).toBe(third.name)
    // The maps move along, and go on answering.
    const [map] = programB.pinned.maps
    expect(bed.kernel.mapInfo(map as KernelMap).ifindex).toBe(third.ifindex)
  }),
)

test(
  'Test multi-dev ASIC cross-dev destruction - orphaned...',
  selftest((bed) => {
    const { cardA, cardB, portsB, programB } = twoCards(bed)
    cardA.remove()
    for (const port of portsB) port.remove()
    cardB.remove()
    expect(bed.loaded()).toBe(0)
    expect(bed.program(programB.pinned)).toMatchObject({ id: 0, type: 'unspec', orphaned: true })
    const [map] = programB.pinned.maps
    expect(failure(() => (map as KernelMap).lookup(new Uint8Array(4))).errno).toBe(ERRNO.ENODEV)
  }),
)
