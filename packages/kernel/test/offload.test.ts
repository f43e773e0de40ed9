import { BPF_EXIT_INSN, BPF_LD_MAP_FD, BPF_MOV64_IMM } from '@bpfoundry/isa'
import { ERRNO, MAP_TYPE, PROG_FLAG, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, test } from 'vitest'
import {
  type DeviceMap,
  Kernel,
  KernelError,
  type KernelMap,
  type KernelProgram,
  type OffloadAsic,
  type OffloadDriver,
  ProgramRejected,
  programLines,
} from '../src/index.ts'

const HASH = { name: 'm', type: MAP_TYPE.HASH, keySizeBytes: 4, valueSizeBytes: 8, maxEntries: 4, flags: 0 }
const XDP = { name: 'p', type: PROG_TYPE.XDP, expectedAttachType: 0, license: 'GPL', flags: 0 }
const RETURN_2 = [BPF_MOV64_IMM(0, 2), BPF_EXIT_INSN()]
const KEY = Uint8Array.of(1, 0, 0, 0)

/** A card that takes everything, and what it was told. */
class Card implements OffloadDriver {
  readonly told: string[] = []
  duringHook: () => void = () => {}

  load(): ReturnType<OffloadDriver['load']> {
    return {
      hooks: {
        prefix: '[card] ',
        prepare: () => void this.told.push('prepare'),
        insn: (pc) => {
          if (pc === 0) this.duringHook()
          return undefined
        },
        finalize: () => undefined,
      },
      accepted: (id) => void this.told.push(`accepted ${id}`),
      translatedBytes: () => 64,
      destroyed: () => void this.told.push('destroyed'),
    }
  }

  allocateMap(): DeviceMap {
    const elements = new Map<string, Uint8Array>()
    return {
      lookup: (key) => elements.get(String(key)) ?? -ERRNO.ENOENT,
      update: (key, value) => {
        elements.set(String(key), value)
        return 0
      },
      delete: (key) => (elements.delete(String(key)) ? 0 : -ERRNO.ENOENT),
      nextKey: () => -ERRNO.ENOENT,
      free: () => void this.told.push('map freed'),
    }
  }
}

interface Bed {
  readonly kernel: Kernel
  readonly card: Card
  readonly asic: OffloadAsic
}

/** A kernel and a card, whose ports have the indexes that are given. */
function bed(...ports: number[]): Bed {
  const kernel = Kernel.create()
  const card = new Card()
  const asic = kernel.offload.createAsic(card, 'card')
  for (const ifindex of ports) {
    kernel.addNetDevice({ ifindex, name: `eth${ifindex}`, takesPrograms: true })
    kernel.offload.register(asic, ifindex)
  }
  return { kernel, card, asic }
}

const load = ({ kernel }: Bed, offloadIfindex: number): KernelProgram =>
  kernel.loadProgram({ ...XDP, insns: RETURN_2, offloadIfindex })

const errnoOf = (run: () => unknown): number => {
  try {
    run()
  } catch (error) {
    if (error instanceof KernelError) return error.errno
    throw error
  }
  return 0
}

describe('programs on devices', () => {
  test('the device learns of a program, of its id, and of its end', () => {
    const on = bed(2)
    const program = load(on, 2)
    expect(program).toMatchObject({ offloaded: true, orphaned: false })
    program.close()
    expect(on.card.told).toEqual(['prepare', `accepted ${program.id}`, 'destroyed'])
  })

  test('what is attached to something lives as long, though its fd is closed', () => {
    const on = bed(2)
    const program = load(on, 2)
    program.hold()
    program.close()
    program.close()
    expect(on.kernel.programById(program.id)).toBe(program)
    program.drop()
    expect(on.kernel.programs).toEqual([])
    expect(() => program.hold()).toThrow(/freed/)
  })

  test('they move to the port that registered last, and are orphaned after the last port', () => {
    const on = bed(2, 3, 4)
    const program = load(on, 2)
    const places: (number | undefined)[] = []
    for (const gone of [2, 4, 3]) {
      on.kernel.removeNetDevice(gone)
      on.kernel.offload.unregister(gone)
      places.push(program.bound?.netdev?.ifindex)
    }
    expect(places).toEqual([4, 3, undefined])
    expect(program.orphaned).toBe(true)
    expect(errnoOf(() => on.kernel.programInfo(program))).toBe(ERRNO.ENODEV)
    expect(on.card.told.at(-1)).toBe('destroyed')
    program.close()
    expect(on.card.told.filter((told) => told === 'destroyed')).toHaveLength(1)
  })

  test('a removal waits for the hook that runs, and then the load ends with ENODEV', () => {
    const on = bed(2)
    const removed: string[] = []
    on.card.duringHook = () => {
      on.kernel.offload.whenUnused(() => {
        removed.push('removed')
        on.kernel.offload.unregister(2)
      })
      removed.push('asked')
    }
    expect(() => load(on, 2)).toThrow(ProgramRejected)
    expect(removed).toEqual(['asked', 'removed'])
    expect(on.card.told).toEqual(['prepare', 'destroyed'])
    expect(on.kernel.programs).toEqual([])
  })

  test('bpftool shows what the device made of it', () => {
    const on = bed(2)
    const program = load(on, 2)
    const viewer = { namespace: { name: '', deviceNumber: 4, inode: 1 }, deviceName: () => 'eth2' }
    const info = on.kernel.programInfo(program)
    expect(programLines(info, viewer)).toEqual([
      `1: xdp  name p  tag ${program.tag}  offloaded_to ifindex 2 ns_dev 4 ns_ino ${info.netnsInode}  gpl`,
      '\txlated 16B  jited 64B  memlock 4096B',
    ])
    expect(programLines('orphaned', viewer)[1]).toBe('\txlated 0B  not jited  memlock 4096B  orphaned')
  })
})

describe('maps on devices', () => {
  const create = ({ kernel }: Bed, offloadIfindex: number): KernelMap => kernel.createMap({ ...HASH, offloadIfindex })

  test('are asked where they are', () => {
    const on = bed(2)
    const map = create(on, 2)
    map.update(KEY, new Uint8Array(8).fill(7))
    expect(map.lookup(KEY)).toEqual(new Uint8Array(8).fill(7))
    expect(map.storage.count).toBe(0)
    expect(errnoOf(() => map.update(KEY, new Uint8Array(8), 3))).toBe(ERRNO.EINVAL)
    map.delete(KEY)
    expect(errnoOf(() => map.delete(KEY))).toBe(ERRNO.ENOENT)
    map.close()
    expect(on.card.told).toEqual(['map freed'])
  })

  test('go when the last port goes; orphans are listed no more', () => {
    const on = bed(2)
    const map = create(on, 2)
    on.kernel.offload.unregister(2)
    expect([on.kernel.maps, map.orphaned, on.card.told]).toEqual([[], true, ['map freed']])
    expect(errnoOf(() => map.lookup(KEY))).toBe(ERRNO.ENODEV)
    map.close()
    expect(on.card.told).toEqual(['map freed'])
  })

  test('are held by programs that use them, and can be opened again', () => {
    const on = bed(2)
    const map = create(on, 2)
    const insns = [...BPF_LD_MAP_FD(1, map.fd), ...RETURN_2]
    const program = on.kernel.loadProgram({ ...XDP, insns, offloadIfindex: 2 })
    map.close()
    expect(on.kernel.mapById(map.id)).toBe(map)
    expect(errnoOf(() => on.kernel.loadProgram({ ...XDP, insns, offloadIfindex: 2 }))).toBe(ERRNO.EBADF)
    const again = on.kernel.openMap(map)
    on.kernel.loadProgram({ ...XDP, insns, offloadIfindex: 2 }).close()
    again.close()
    program.close()
    expect(on.kernel.maps).toEqual([])
  })

  // biome-ignore format: table
  const ELSEWHERE: readonly (readonly [title: string, mapOn: number | undefined, programOn: number | undefined, type: number, errno: number])[] = [
    ['a map of the host in a program of a device',         undefined, 2,         MAP_TYPE.HASH,             ERRNO.EINVAL],
    ['a map of a device in a program of the host',         2,         undefined, MAP_TYPE.HASH,             ERRNO.EINVAL],
    ['a map of another port of the card',                  3,         2,         MAP_TYPE.HASH,             0],
    ['a map of another card',                              9,         2,         MAP_TYPE.HASH,             ERRNO.EINVAL],
    ['a perf event array of the host, for all programs',   undefined, 2,         MAP_TYPE.PERF_EVENT_ARRAY, 0],
  ]
  test.each(ELSEWHERE)('%s', (_title, mapOn, programOn, type, errno) => {
    const kernel = Kernel.create({ hollowMaps: true })
    for (const ports of [[2, 3], [9]]) {
      const asic = kernel.offload.createAsic(new Card())
      for (const ifindex of ports) {
        kernel.addNetDevice({ ifindex, name: `eth${ifindex}`, takesPrograms: true })
        kernel.offload.register(asic, ifindex)
      }
    }
    const sizes = type === MAP_TYPE.HASH ? {} : { valueSizeBytes: 4 }
    const on = (ifindex: number | undefined): object => (ifindex === undefined ? {} : { offloadIfindex: ifindex })
    const map = kernel.createMap({ ...HASH, type, ...sizes, ...on(mapOn) })
    const insns = [...BPF_LD_MAP_FD(1, map.fd), ...RETURN_2]
    const run = (): unknown => kernel.loadProgram({ ...XDP, insns, ...on(programOn) })
    expect(errnoOf(run)).toBe(errno)
    if (errno !== 0) expect(run).toThrow(/offload device mismatch between prog and map/)
  })
})

describe('programs that are bound only', () => {
  test('run on the host, and are orphans when their device is unregistered', () => {
    const kernel = Kernel.create()
    kernel.addNetDevice({ ifindex: 5, name: 'eth5', takesPrograms: true })
    const flags = PROG_FLAG.XDP_DEV_BOUND_ONLY
    const [first, second] = [0, 1].map(() => kernel.loadProgram({ ...XDP, insns: RETURN_2, flags, offloadIfindex: 5 }))
    if (first === undefined || second === undefined) throw new Error('not loaded')
    expect([first.offloaded, kernel.programInfo(first).ifindex]).toEqual([false, 0])
    expect(kernel.testRun(first, { data: new Uint8Array(64) }).retval).toBe(2)
    first.close()
    kernel.removeNetDevice(5)
    expect(second.orphaned).toBe(true)
    second.close()
    expect(kernel.programs).toEqual([])
  })
})
