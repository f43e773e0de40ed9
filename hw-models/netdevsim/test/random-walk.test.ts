import { AttachError, type AttachProgram, XDP_FLAGS } from '@bpfoundry/device'
import { KernelError, type KernelMap, type KernelProgram } from '@bpfoundry/kernel'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { expect, test } from 'vitest'
import { attachProgram, loadForDevice, type NetdevsimDevice, type NetdevsimPort } from '../src/index.ts'
import { MAP_RET0, RET0 } from './sample-objects.ts'
import { SelftestBed } from './selftest-bed.ts'

/** Walks and steps of each: WALKS=1000 walks further. */
const WALKS = Number(process.env['WALKS'] ?? 12)
const STEPS = 120

/** Numbers below 2^32, the same for the same seed. @see xorshift32 */
function randomSource(seed: number): (below: number) => number {
  let state = seed * 2654435761 + 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

/** A machine in which anything may happen to devices, programs and maps, in any order. */
class Walk {
  readonly bed = new SelftestBed()
  readonly devices: NetdevsimDevice[] = []
  /** Everything that is held by a pin. */
  readonly programs: KernelProgram[] = []
  readonly maps: KernelMap[] = []
  /** The device that a program or map was loaded for. */
  readonly homes = new Map<KernelProgram | KernelMap, NetdevsimDevice>()
  readonly #random: (below: number) => number
  refused = 0

  constructor(seed: number) {
    this.#random = randomSource(seed)
  }

  step(): void {
    const steps = Object.values(STEPS_OF_A_WALK)
    const chosen = steps[this.#random(steps.length)] as (walk: Walk) => void
    try {
      chosen(this)
    } catch (error) {
      // What the kernel refuses changes nothing; that is what is looked at afterwards.
      if (!(error instanceof AttachError || error instanceof KernelError)) throw error
      this.refused++
    }
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[this.#random(Math.max(items.length, 1))]
  }

  get ports(): readonly NetdevsimPort[] {
    return this.devices.flatMap(({ ports }) => ports)
  }

  attachable(program: KernelProgram): AttachProgram {
    return attachProgram(this.bed.kernel, program)
  }

  /** Everything goes, in a random order. */
  end(): void {
    const endings = [
      ...this.devices.map((device) => () => device.remove()),
      ...this.programs.map((program) => () => program.drop()),
      ...this.maps.map((map) => () => map.drop()),
    ]
    while (endings.length > 0) endings.splice(this.#random(endings.length), 1)[0]?.()
  }
}

function withPort(walk: Walk, action: (port: NetdevsimPort) => void): void {
  const port = walk.pick(walk.ports)
  if (port !== undefined) action(port)
}

function withBoth(walk: Walk, action: (port: NetdevsimPort, program: KernelProgram) => void): void {
  const program = walk.pick(walk.programs)
  if (program !== undefined) withPort(walk, (port) => action(port, program))
}

function load(walk: Walk, type: number): void {
  withPort(walk, (port) => {
    const object = walk.pick([RET0.object, MAP_RET0.object]) ?? RET0.object
    const place = walk.pick([{ ifindex: port.ifindex }, { ifindex: port.ifindex }, {}]) ?? {}
    const objects = loadForDevice(walk.bed.kernel, object, { type, ...place })
    const home = walk.devices.find(({ ports }) => ports.includes(port))
    for (const program of objects.programs.values()) {
      program.hold()
      walk.programs.push(program)
      if (home !== undefined && program.bound !== undefined) walk.homes.set(program, home)
    }
    for (const map of objects.maps.values()) {
      map.hold()
      walk.maps.push(map)
      if (home !== undefined && map.offloaded !== undefined) walk.homes.set(map, home)
    }
    objects.close()
  })
}

/** What may happen. */
const STEPS_OF_A_WALK = {
  addDevice: (walk: Walk) => {
    if (walk.ports.length < 6) walk.devices.push(walk.bed.bus.addDevice({ ports: walk.pick([1, 2, 3]) ?? 1 }))
  },
  removeDevice: (walk: Walk) => walk.pick(walk.devices)?.remove(),
  removePort: (walk: Walk) => withPort(walk, (port) => port.remove()),
  loadXdp: (walk: Walk) => load(walk, PROG_TYPE.XDP),
  loadClassifier: (walk: Walk) => load(walk, PROG_TYPE.SCHED_CLS),
  unpin: (walk: Walk) => {
    const program = walk.pick(walk.programs)
    if (program === undefined) return
    walk.programs.splice(walk.programs.indexOf(program), 1)
    program.drop()
  },
  attach: (walk: Walk) =>
    withBoth(walk, (port, program) => {
      const flags = walk.pick([XDP_FLAGS.HW_MODE, XDP_FLAGS.HW_MODE, XDP_FLAGS.DRV_MODE, XDP_FLAGS.SKB_MODE, 0]) ?? 0
      port.xdp.attach(walk.attachable(program), { flags })
    }),
  detach: (walk: Walk) =>
    withPort(walk, (port) => {
      port.xdp.detach({ flags: walk.pick([XDP_FLAGS.HW_MODE, XDP_FLAGS.DRV_MODE, XDP_FLAGS.SKB_MODE, 0]) ?? 0 })
    }),
  qdisc: (walk: Walk) =>
    withPort(walk, ({ tc }) => {
      if (tc.qdisc === undefined) tc.addQdisc('ingress')
      else tc.deleteQdisc(tc.qdisc)
    }),
  feature: (walk: Walk) => withPort(walk, ({ tc }) => tc.setHwTcOffload(!tc.hwTcOffload)),
  knob: (walk: Walk) =>
    withPort(walk, ({ knobs }) => {
      knobs.bpf_tc_non_bound_accept = !knobs.bpf_tc_non_bound_accept
    }),
  filter: (walk: Walk) =>
    withBoth(walk, ({ tc }, program) => {
      const flags = walk.pick([{}, { skipSw: true }, { skipSw: true }, { skipHw: true }]) ?? {}
      const place = { priority: walk.pick([1, 2]) ?? 1, handle: walk.pick([1, 2]) ?? 1 }
      tc.replaceFilter({ direction: 'ingress', program: walk.attachable(program), ...flags, ...place })
    }),
  deleteFilter: (walk: Walk) =>
    withPort(walk, ({ tc }) => {
      tc.deleteFilter({ direction: 'ingress', priority: walk.pick([1, 2]) ?? 1, handle: walk.pick([1, 2, 0]) ?? 0 })
    }),
  namespace: (walk: Walk) => withPort(walk, (port) => port.setNamespace(walk.bed.kernel.namespaces.add('far'))),
} as const

/** What holds after every step, whatever happened. */
function wrongs(walk: Walk): string[] {
  const found: string[] = []
  const expected = (what: string, got: unknown, wanted: unknown): void => {
    if (got !== wanted) found.push(`${what}: ${String(got)}, not ${String(wanted)}`)
  }
  const { kernel } = walk.bed
  for (const device of walk.devices) {
    const ifindexes = new Set(device.ports.map(({ ifindex }) => ifindex))
    const on = kernel.programs.filter(({ bound }) => bound?.netdev !== undefined && ifindexes.has(bound.netdev.ifindex))
    expected('programs on the device', device.boundPrograms.length, on.length)
    const maps = kernel.maps.filter(
      ({ offloaded }) => offloaded?.netdev !== undefined && ifindexes.has(offloaded.netdev.ifindex),
    )
    expected('maps on the device', device.boundMaps, maps.length)
    const running = new Set(device.ports.map(({ offloadedId }) => offloadedId))
    for (const { id, loaded } of device.boundPrograms) if (loaded && !running.has(id)) found.push(`${id} is not loaded`)
  }
  for (const { xdp, tc, offloadedId, name } of walk.ports) {
    const filters = tc.filters('ingress').filter(({ inHw }) => inHw)
    const inHardware = xdp.program('offload')?.id ?? filters[0]?.program.id ?? 0
    if (filters.length > (xdp.program('offload') === undefined ? 1 : 0)) found.push(`${name} runs several programs`)
    expected(`what ${name} runs`, offloadedId, inHardware)
    const alive = [
      ...xdp.attached().map(({ program }) => program.id),
      ...tc.filters('ingress').map(({ program }) => program.id),
    ]
    for (const id of alive) if (kernel.programById(id) === undefined) found.push(`${id} is attached and freed`)
  }
  for (const object of [...walk.programs, ...walk.maps]) {
    const home = walk.homes.get(object)
    if (home !== undefined) expected(`${object.name} is an orphan`, object.orphaned, home.ports.length === 0)
  }
  return found
}

test('whatever happens in whatever order: nothing is lost, nothing stays, and the kernel has nothing to warn of', () => {
  let refused = 0
  let done = 0
  for (let seed = 1; seed <= WALKS; seed++) {
    const walk = new Walk(seed)
    for (let step = 0; step < STEPS; step++) {
      walk.step()
      expect(wrongs(walk), `seed ${seed}, step ${step}`).toEqual([])
    }
    walk.end()
    expect(walk.bed.kernel.programs, `seed ${seed}`).toEqual([])
    expect(walk.bed.kernel.maps, `seed ${seed}`).toEqual([])
    expect(walk.bed.bus.warnings, `seed ${seed}`).toEqual([])
    refused += walk.refused
    done += STEPS
  }
  // Walks that are refused everything, or nothing, would prove little.
  expect(refused / done).toBeGreaterThan(0.05)
  expect(refused / done).toBeLessThan(0.7)
})
