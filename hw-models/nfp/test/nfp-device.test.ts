import { AttachError, type AttachProgram, nicProfile, XDP_FLAGS, XdpAttachments } from '@bpfoundry/device'
import { BPF_EXIT, BPF_JMP, BPF_LDX, BPF_MEM, BPF_W } from '@bpfoundry/isa'
import { ATTACH_TYPE, ERRNO, MAP_FLAG, MAP_TYPE, type MapAttributes, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { expect, test } from 'vitest'
import {
  BPF_FIRMWARE,
  CORENIC_FIRMWARE,
  checkOffloadedMap,
  NfpDevice,
  nfpCard,
  recordHostUpdate,
} from '../src/index.ts'
import { registers, variablePointer } from './facts.ts'

const card = nfpCard('agilio-cx-2x10')
const NONE = { mapsInUse: 0, elementsInUse: 0 }

const attributes = (fields: Partial<MapAttributes> = {}): MapAttributes => ({
  name: 'm',
  type: MAP_TYPE.HASH,
  keySizeBytes: 4,
  valueSizeBytes: 8,
  maxEntries: 16,
  flags: 0,
  ...fields,
})

/** Messages of nfp_bpf_map_alloc; the first is the kernel's own rule, which says nothing. */
// biome-ignore format: table
const MAP_REFUSALS: readonly (readonly [string, Partial<MapAttributes>, { mapsInUse: number; elementsInUse: number }, number, string | undefined])[] = [
  ['another type',        { type: MAP_TYPE.LPM_TRIE },                 NONE, ERRNO.EINVAL, undefined],
  ['a per-CPU type',      { type: MAP_TYPE.PERCPU_ARRAY },             NONE, ERRNO.EINVAL, undefined],
  ['flags',               { flags: MAP_FLAG.NO_PREALLOC },             NONE, ERRNO.EINVAL, 'map flags are not supported'],
  ['too many maps',       {},                                          { mapsInUse: 128, elementsInUse: 0 }, ERRNO.ENOMEM, 'too many maps for a device'],
  ['too many elements',   { maxEntries: 16_777_216 },                  NONE, ERRNO.ENOMEM, 'map with too many elements: 16777216, left: 3072000'],
  ['elements of others',  { maxEntries: 3_000_000 },                   { mapsInUse: 1, elementsInUse: 100_000 }, ERRNO.ENOMEM, 'map with too many elements: 3000000, left: 2972000'],
  ['large elements',      { keySizeBytes: 4, valueSizeBytes: 60 },     NONE, ERRNO.ENOMEM, 'map elements too large: 72, FW max element size (key+value): 64'],
]

test.each(MAP_REFUSALS)('a map with %s is refused', (_title, fields, usage, errno, text) => {
  const refusal = checkOffloadedMap(card, attributes(fields), usage)
  expect(refusal).toBeInstanceOf(AttachError)
  expect([refusal?.errno, refusal?.kernelLog, refusal?.code]).toEqual([errno, text, 'XDP_MAP_OFFLOAD'])
})

test('key and value have limits of their own', () => {
  const maps = { ...CORENIC_FIRMWARE.maps, maxElementBytes: 256 }
  const wide = { ...card, firmware: { ...CORENIC_FIRMWARE, maps } }
  expect(checkOffloadedMap(wide, attributes({ keySizeBytes: 57 }), NONE)?.kernelLog).toBe(
    'map key size 57, FW max is 56',
  )
  expect(checkOffloadedMap(wide, attributes({ valueSizeBytes: 60 }), NONE)?.kernelLog).toBe(
    'map value size 60, FW max is 56',
  )
  expect(
    checkOffloadedMap({ ...wide, firmware: { ...wide.firmware, maps: { ...maps, types: [] } } }, attributes(), NONE)
      ?.errno,
  ).toBe(ERRNO.EOPNOTSUPP)
})

test("maps take the card's elements and give them back", () => {
  const device = new NfpDevice(card)
  device.allocateMap(1, attributes({ maxEntries: 3_000_000 }))
  expect(() => device.allocateMap(2, attributes({ maxEntries: 100_000 }))).toThrow(
    'map with too many elements: 100000, left: 72000',
  )
  device.freeMap(1)
  expect(device.usage).toEqual(NONE)
  device.allocateMap(2, attributes({ maxEntries: 100_000 }))
  expect(device.usage).toEqual({ mapsInUse: 1, elementsInUse: 100_000 })
})

test('a host update of an unused word that is not the same in both byte orders spoils it as a counter', () => {
  const map = new NfpDevice(card).allocateMap(1, attributes({ valueSizeBytes: 12 }))
  recordHostUpdate(map, Uint8Array.from([0, 0, 0, 0, 1, 0, 0, 0, 1, 2, 2, 1]))
  expect(map.words.map(({ nonZeroUpdate }) => nonZeroUpdate)).toEqual([false, true, false])
})

const program = (id: number, ifindex = 2): AttachProgram => ({
  id,
  name: `p${id}`,
  tag: '0123456789abcdef',
  type: PROG_TYPE.XDP,
  expectedAttachType: ATTACH_TYPE.XDP,
  bound: { ifindex, offloaded: true, card: 'asic0' },
})

function port(device: NfpDevice, mtu = 1500): XdpAttachments {
  return new XdpAttachments({
    name: 'eno1',
    ifindex: 2,
    card: 'asic0',
    mtu,
    driver: device.driver(nicProfile('agilio-cx-2x10')),
    setProgram: () => {},
  })
}

function refusal(run: () => unknown): unknown[] {
  try {
    run()
  } catch (error) {
    if (error instanceof AttachError) return [error.errno, error.extack, error.kernelLog]
    throw error
  }
  throw new Error('was not refused')
}

/** A program whose accesses go up to byte `offset`. */
function loadTouching(device: NfpDevice, id: number, offset: bigint): void {
  const load = { opcode: BPF_LDX | BPF_MEM | BPF_W, dst: 0, src: 2, off: 0, imm: 0 }
  const exit = { opcode: BPF_JMP | BPF_EXIT, dst: 0, src: 0, off: 0, imm: 0 }
  const hooks = device.hooks({ type: PROG_TYPE.XDP, insns: [load, exit] })
  hooks.insn(0, load, registers({ 2: variablePointer('pkt', offset) }))
  const visited = { visited: true, registers: new Map() }
  expect(hooks.finalize([visited, visited], [0])).toBeUndefined()
  device.loaded(id, hooks)
}

const HW = { flags: XDP_FLAGS.HW_MODE }

test('a program that may look beyond the split is refused, unless the MTU keeps packets short', () => {
  const device = new NfpDevice(card)
  loadTouching(device, 1, 3000n)
  const message = 'nfp: BPF offload not supported with potential packet access beyond HW packet split boundary'
  expect(refusal(() => port(device, 3000).attach(program(1), HW))).toEqual([ERRNO.EOPNOTSUPP, message, undefined])
  const small = port(device, 1500)
  small.attach(program(1), HW)
  expect(refusal(() => small.changeMtu(3000))).toEqual([
    ERRNO.EBUSY,
    undefined,
    'BPF offload active, potential packet access beyond hardware packet boundary',
  ])
  small.changeMtu(2000)
})

test('programs are exchanged under traffic only by firmware that can', () => {
  const old = new NfpDevice({ ...card, firmware: { ...BPF_FIRMWARE, liveReload: false } })
  const fixed = port(old)
  fixed.attach(program(1), HW)
  expect(refusal(() => fixed.attach(program(2), HW))).toEqual([
    ERRNO.EBUSY,
    'nfp: FW does not support live reload',
    undefined,
  ])
  const live = port(new NfpDevice(card))
  live.attach(program(1), HW)
  expect(live.attach(program(2), HW)).toBe('offload')
})

test('a program that was not loaded for the card is refused without a word', () => {
  const { bound: _, ...host } = program(1)
  expect(refusal(() => port(new NfpDevice(card)).attach(host, HW))).toEqual([ERRNO.EINVAL, undefined, undefined])
})
