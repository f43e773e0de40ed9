import { AttachError, bpftoolNetJson, bpftoolNetLines, ipLinkLines, tcFilterLines, XDP_FLAGS } from '@bpfoundry/device'
import { KernelError, mapLines, programLines } from '@bpfoundry/kernel'
import { ERRNO, MAP_TYPE, PROG_FLAG, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, test } from 'vitest'
import { attachProgram, ModelledClock, NetdevsimError } from '../src/index.ts'
import { MAP_RET0, RET0 } from './sample-objects.ts'
import { failure, SelftestBed } from './selftest-bed.ts'

const HASH = { name: 'm', type: MAP_TYPE.HASH, keySizeBytes: 4, valueSizeBytes: 8, maxEntries: 2, flags: 0 }
const XDP = {
  name: 'p',
  type: PROG_TYPE.XDP,
  expectedAttachType: 0,
  license: '',
  flags: 0,
  functionInfo: [],
  lineInfo: [],
}
const insns = RET0.object.programs.get('func')?.insns ?? []

/** Each knob that says no: what is tried, errno, and what the driver says. */
// biome-ignore format: table
const KNOBS: readonly (readonly [knob: string, tried: (bed: SelftestBed, sim: Sim) => unknown, errno: number, said: string])[] = [
  ['bpf_bind_accept',               (bed, sim) => bed.offload(sim, RET0),                            ERRNO.EOPNOTSUPP, ''],
  ['bpf_bind_verifier_accept',      (bed, sim) => bed.offload(sim, RET0),                            ERRNO.EOPNOTSUPP, ''],
  ['ports/0/bpf_tc_accept',         (bed, sim) => bed.ip.addFilter(sim, RET0, { skipSw: true }),     ERRNO.EOPNOTSUPP, 'Error: netdevsim: netdevsim configured to reject BPF TC offload.'],
  ['ports/0/bpf_xdpdrv_accept',     (bed, sim) => bed.ip.setXdp(sim, RET0),                          ERRNO.EOPNOTSUPP, 'Error: netdevsim: driver XDP disabled in DebugFS.'],
  ['ports/0/bpf_xdpoffload_accept', (bed, sim) => bed.offload(sim, RET0),                            ERRNO.EOPNOTSUPP, 'Error: netdevsim: XDP offload disabled in DebugFS.'],
  ['ports/0/bpf_map_accept',        (bed, sim) => bed.kernel.createMap({ ...HASH, offloadIfindex: sim.ifindex }), ERRNO.EOPNOTSUPP, ''],
]
type Sim = ReturnType<SelftestBed['device']>['sim']

test.each(KNOBS)('%s refuses when it is off', (knob, tried, errno, said) => {
  const bed = new SelftestBed()
  const { simdev, sim, dfs } = bed.tcDevice()
  expect(dfs.read(knob)).toBe('Y')
  dfs.write(knob, false)
  expect(dfs.read(knob)).toBe('N')
  expect(failure(() => tried(bed, sim))).toMatchObject({ errno, said })
  expect(bed.counts(simdev)).toEqual({ bound: 0, total: 0 })
  expect(simdev.boundMaps).toBe(0)
  dfs.write(knob, 'on')
  tried(bed, sim)
})

describe('debugfs', () => {
  const { dfs } = new SelftestBed().device()
  // biome-ignore format: table
  const WRONG: readonly (readonly [title: string, use: () => unknown, code: string])[] = [
    ['a file that is not there',    () => dfs.read('bpf_bind'),                              'NETDEVSIM_DEBUGFS_PATH'],
    ['a port that is not there',    () => dfs.write('ports/1/bpf_tc_accept', 1),             'NETDEVSIM_DEBUGFS_PATH'],
    ['writing what is read only',   () => dfs.write('ports/0/bpf_offloaded_id', 1),          'NETDEVSIM_DEBUGFS_READ_ONLY'],
    ['a switch that is no switch',  () => dfs.write('bpf_bind_accept', 'maybe'),             'NETDEVSIM_DEBUGFS_VALUE'],
    ['a negative delay',            () => dfs.write('bpf_bind_verifier_delay', -1),          'NETDEVSIM_DEBUGFS_VALUE'],
    ['a delay that is no number',   () => dfs.write('bpf_bind_verifier_delay', ''),          'NETDEVSIM_DEBUGFS_VALUE'],
  ]
  test.each(WRONG)('refuses %s', (_title, use, code) => {
    expect(use).toThrow(NetdevsimError)
    expect(use).toThrow(expect.objectContaining({ code }))
  })
  test('lists knobs and states', () => {
    expect(dfs.list('ports/0')).toContain('bpf_tc_non_bound_accept')
    expect(dfs.list()).toContain('bpf_bind_verifier_delay')
  })
})

/** Maps that the core or the device refuses: what differs from a good one, and the errno. */
// biome-ignore format: table
const MAPS: readonly (readonly [title: string, change: object, errno: number])[] = [
  ['more than two entries',                    { maxEntries: 3 },              ERRNO.ENOMEM],
  ['flags',                                    { flags: 1 },                   ERRNO.EINVAL],
  ['another type',                             { type: MAP_TYPE.LRU_HASH },    ERRNO.EINVAL],
  ['no CAP_SYS_ADMIN',                         { isAdministrator: false },     ERRNO.EPERM],
  ['a device without programs',                { offloadIfindex: 1 },          ERRNO.EOPNOTSUPP],
  ['no such device',                           { offloadIfindex: 99 },         ERRNO.EINVAL],
]

test.each(MAPS)('a map with %s is refused', (_title, change, errno) => {
  const bed = new SelftestBed()
  const { simdev, sim } = bed.device()
  const create = (): unknown => bed.kernel.createMap({ ...HASH, offloadIfindex: sim.ifindex, ...change })
  expect(failure(create).errno).toBe(errno)
  expect([bed.kernel.maps, simdev.boundMaps]).toEqual([[], 0])
})

test('a map in another namespace can not be asked for, one at the own device can', () => {
  const bed = new SelftestBed()
  const { sim } = bed.device()
  const namespace = bed.kernel.namespaces.add('far')
  sim.setNamespace(namespace)
  expect(failure(() => bed.kernel.createMap({ ...HASH, offloadIfindex: sim.ifindex })).errno).toBe(ERRNO.EINVAL)
  expect(bed.kernel.createMap({ ...HASH, offloadIfindex: sim.ifindex, namespace }).offloaded).toBeDefined()
})

/** Programs that can't be bound: what differs from a good one, and the errno. */
// biome-ignore format: table
const PROGRAMS: readonly (readonly [title: string, change: object, errno: number])[] = [
  ['another type',                       { type: PROG_TYPE.SOCKET_FILTER },                                            ERRNO.EINVAL],
  ['other flags',                        { flags: PROG_FLAG.SLEEPABLE },                                               ERRNO.EINVAL],
  ['fragments',                          { flags: PROG_FLAG.XDP_HAS_FRAGS },                                           ERRNO.EINVAL],
  ['a bound-only classifier',            { type: PROG_TYPE.SCHED_CLS, flags: PROG_FLAG.XDP_DEV_BOUND_ONLY },           ERRNO.EINVAL],
  ['a device without programs',          { offloadIfindex: 1 },                                                        ERRNO.EOPNOTSUPP],
  ['no such device',                     { offloadIfindex: 99 },                                                       ERRNO.EINVAL],
]

test.each(PROGRAMS)('a program with %s is not bound', (_title, change, errno) => {
  const bed = new SelftestBed()
  const { sim } = bed.device()
  const load = (): unknown => bed.kernel.loadProgram({ ...XDP, insns, offloadIfindex: sim.ifindex, ...change })
  expect(load).toThrow(KernelError)
  expect(failure(load).errno).toBe(errno)
  expect(bed.kernel.programs).toEqual([])
})

test('a program that is bound only runs on the host, but nowhere else', () => {
  const bed = new SelftestBed()
  const { simdev, sim } = bed.device()
  const { sim: other } = bed.device()
  const flags = PROG_FLAG.XDP_DEV_BOUND_ONLY | PROG_FLAG.XDP_HAS_FRAGS
  const program = bed.kernel.loadProgram({ ...XDP, insns, flags, offloadIfindex: sim.ifindex })
  const attachable = attachProgram(bed.kernel, program)
  expect(simdev.boundPrograms).toEqual([])
  expect(bed.programs()[0]).not.toHaveProperty('dev')
  const attach = (port: Sim, mode: number) => (): unknown => port.xdp.attach(attachable, { flags: mode })
  expect(failure(attach(other, XDP_FLAGS.DRV_MODE)).said).toBe('Error: Program bound to different device.')
  expect(failure(attach(sim, XDP_FLAGS.SKB_MODE)).said).toBe(
    "Error: Can't attach device-bound programs in generic mode.",
  )
  expect(failure(attach(sim, XDP_FLAGS.DRV_MODE)).said).toBe('Error: netdevsim: attempt to load offloaded prog to drv.')
  expect(failure(attach(sim, XDP_FLAGS.HW_MODE)).said).toBe('Error: netdevsim: xdpoffload of non-bound program.')
})

test('the host runs no program of a device', () => {
  const bed = new SelftestBed()
  const { sim } = bed.device()
  const program = bed.kernel.loadProgram({ ...XDP, insns, offloadIfindex: sim.ifindex })
  const run = (): unknown => bed.kernel.testRun(program, { data: new Uint8Array(64) })
  expect(run).toThrow(expect.objectContaining({ errno: ERRNO.ENOTSUPP }))
  expect(run).toThrow(/runs on its device only/)
  const array = { name: 'jump', type: MAP_TYPE.PROG_ARRAY, keySizeBytes: 4, valueSizeBytes: 4, maxEntries: 1, flags: 0 }
  const jump = bed.kernel.createMap(array)
  const fd = new Uint8Array(Uint32Array.of(program.fd).buffer)
  expect(failure(() => jump.update(new Uint8Array(4), fd)).errno).toBe(ERRNO.EINVAL)
})

test('maps of devices take no batches, and can be frozen', () => {
  const bed = new SelftestBed()
  const { sim } = bed.device()
  const map = bed.kernel.createMap({ ...HASH, offloadIfindex: sim.ifindex })
  const many = (): unknown => map.updateMany(new Uint8Array(4), new Uint8Array(8), 1)
  expect(failure(many).errno).toBe(ERRNO.ENOTSUPP)
  map.freeze()
  expect(failure(() => map.delete(new Uint8Array(4))).errno).toBe(ERRNO.EPERM)
})

test('a removed device leaves its maps without answers', () => {
  const bed = new SelftestBed()
  const { simdev, sim } = bed.device()
  const map = bed.kernel.createMap({ ...HASH, offloadIfindex: sim.ifindex })
  const key = new Uint8Array(4)
  map.update(key, new Uint8Array(8))
  simdev.remove()
  for (const use of [
    () => map.lookup(key),
    () => map.update(key, new Uint8Array(8)),
    () => map.delete(key),
    () => map.nextKey(),
  ]) {
    expect(failure(use).errno).toBe(ERRNO.ENODEV)
  }
})

test('a driver that will not let go is warned of, and the device goes all the same', () => {
  const bed = new SelftestBed()
  const { simdev, sim, dfs } = bed.device()
  bed.offload(sim, RET0)
  dfs.write('ports/0/bpf_xdpoffload_accept', 0)
  expect(failure(() => bed.ip.unsetXdp(sim, { word: 'xdpoffload' })).errno).toBe(ERRNO.EOPNOTSUPP)
  simdev.remove()
  expect(bed.bus.warnings).toHaveLength(3)
  expect(bed.kernel.programs).toEqual([])
})

test('MTUs out of range are refused before the driver is asked', () => {
  const { sim } = new SelftestBed().device()
  expect(failure(() => sim.setMtu(67)).said).toBe('Error: mtu less than device minimum.')
  expect(failure(() => sim.setMtu(65_536)).said).toBe('Error: mtu greater than device maximum.')
  expect(() => sim.setMtu(65_536)).toThrow(AttachError)
})

test('the clock does what falls due while something sleeps, in order', () => {
  const clock = new ModelledClock()
  const seen: [string, number][] = []
  clock.at(30, () => seen.push(['b', clock.nowMs]))
  clock.at(10, () => seen.push(['a', clock.nowMs]))
  clock.at(90, () => seen.push(['c', clock.nowMs]))
  clock.sleep(50)
  expect([seen, clock.nowMs]).toEqual([
    [
      ['a', 10],
      ['b', 30],
    ],
    50,
  ])
  clock.sleep(40)
  expect([seen.at(-1), clock.nowMs]).toEqual([['c', 90], 90])
})

test('the number of ports is bounded', () => {
  const bed = new SelftestBed()
  expect(() => bed.bus.addDevice({ ports: 129 })).toThrow(NetdevsimError)
  expect(() => bed.bus.addDevice({ ports: 2 }).port(2)).toThrow(NetdevsimError)
})

test('ip, tc and bpftool show where programs and maps are', () => {
  const bed = new SelftestBed()
  const { sim } = bed.tcDevice()
  bed.offload(sim, MAP_RET0)
  bed.ip.setXdp(sim, RET0)
  const [map, , program] = [bed.kernel.maps[0], bed.kernel.maps[1], bed.kernel.programs[0]]
  if (map === undefined || program === undefined) throw new Error('nothing is loaded')
  const viewer = bed.viewer(sim.namespace)
  expect(ipLinkLines(sim.ipLink())).toEqual([
    '2: eni0np1: <BROADCAST,NOARP> mtu 1500 xdpmulti qdisc noop state DOWN mode DEFAULT group default',
    '    link/ether 02:6e:73:69:00:02 brd ff:ff:ff:ff:ff:ff',
    `    prog/xdpdrv id 2 name func tag ${bed.kernel.programs[1]?.tag}`,
    `    prog/xdpoffload id 1 name func tag ${program.tag}`,
  ])
  expect(programLines(bed.kernel.programInfo(program), viewer)).toEqual([
    `1: xdp  name func  tag ${program.tag}  offloaded_to eni0np1`,
    `\txlated ${8 * program.image.insns.length}B  not jited  memlock 4096B  map_ids 1,2`,
  ])
  expect(mapLines(bed.kernel.mapInfo(map), viewer)).toEqual([
    '1: hash  name htab  flags 0x0  offloaded_to eni0np1',
    '\tkey 4B  value 8B  max_entries 2',
  ])
  expect(mapLines(bed.kernel.mapInfo(map), bed.viewer(bed.kernel.namespaces.add('far')))[0]).toBe(
    '1: hash  name htab  flags 0x0  offloaded_to ifindex 2 ns_dev 4 ns_ino 4026531840',
  )
  const devices = [sim.bpftoolNet()]
  expect(bpftoolNetLines(devices).slice(0, 2)).toEqual(['xdp:', 'eni0np1(2) driver id 2 offload id 1'])
  expect(bpftoolNetJson(devices)[0].xdp).toEqual([
    {
      devname: 'eni0np1',
      ifindex: 2,
      multi_attachments: [
        { mode: 'driver', id: 2 },
        { mode: 'offload', id: 1 },
      ],
    },
  ])
})

test('tc shows what is in hardware', () => {
  const bed = new SelftestBed()
  const { sim } = bed.tcDevice()
  const { program } = bed.ip.addFilter(sim, RET0, { directAction: true, skipSw: true })
  expect(tcFilterLines(sim.tc, 'ingress')).toEqual([
    'filter protocol all pref 49152 bpf chain 0',
    `filter protocol all pref 49152 bpf chain 0 handle 0x1 sample_ret0.bpf.o:[xdp] direct-action skip_sw in_hw id ${program.id} name func tag ${program.tag}`,
  ])
})
