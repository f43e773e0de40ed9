import { isDiagnostic } from '@bpfoundry/diagnostics'
import type { BenchMap } from '@bpfoundry/testbench'
import { without } from '../fields.ts'
import { durationText } from '../report/figures.ts'
import type { FaultDescription } from '../schema/fault.ts'
import type { FirmwareChoice } from '../schema/host.ts'
import type { AddressElements } from '../schema/program.ts'
import { attach } from '../stage/attach.ts'
import { firmwareOf } from '../stage/firmware.ts'
import { hookKey, type Stage, type StagedProgram } from '../stage/host-stage.ts'
import { setAddresses, setElement } from '../stage/map-contents.ts'
import type { Network } from './network.ts'
import type { Port } from './port.ts'
import { namedSeed, Random } from './random.ts'
import type { World } from './world.ts'

/** What faults act on. */
export interface FaultContext {
  readonly world: World
  readonly stage: Stage
  readonly network: Network
  readonly seed: number
  /** Sends packets of a traffic at once. */
  burst(traffic: string, packets: number): void
}

type Handler<Fault> = (fault: Fault, context: FaultContext) => void | Promise<void>

type Handlers = {
  readonly [Kind in FaultDescription['fault']]: Handler<Extract<FaultDescription, { readonly fault: Kind }>>
}

/** Lets a fault happen, now. What is refused stands in the log: a fault never ends a run. */
export async function runFault(fault: FaultDescription, context: FaultContext): Promise<void> {
  const { log } = context.world
  log.add('fault', describeFault(fault))
  try {
    await (HANDLERS[fault.fault] as Handler<FaultDescription>)(fault, context)
  } catch (error) {
    if (!isDiagnostic(error) && !(error instanceof RangeError)) throw error
    log.add('kernel', `${fault.fault}: ${error.message}`)
  }
}

/** One line. */
export function describeFault(fault: FaultDescription): string {
  const words = Object.entries(without(fault, ['fault', 'at'])).map(([name, value]) =>
    (WORDS[name] ?? plain)(name, value),
  )
  return [fault.fault, ...words].filter((word) => word !== '').join(' ')
}

const plain = (name: string, value: unknown): string => (value === undefined ? '' : `${name}=${value}`)

/** Fields that are not told as they are. */
const WORDS: Readonly<Record<string, (name: string, value: unknown) => string>> = {
  for: (_, value) => (value === undefined ? '' : `for ${durationText(Number(value))}`),
  firmware: (_, value) => firmwareOf(value as FirmwareChoice).name,
  entries: (_, value) =>
    (value as readonly unknown[]).length === 0 ? '' : `${(value as readonly unknown[]).length} entries`,
  addresses: (_, value) => (value === undefined ? '' : `addresses ${(value as AddressElements).prefix}`),
}

const HANDLERS: Handlers = {
  'link-down'({ link, for: forNs }, { network, world }) {
    const cable = network.cables.get(link)
    if (cable === undefined) return
    cable.down = true
    if (forNs === undefined) return
    world.at(world.nowNs + forNs, () => {
      cable.down = false
      world.log.add('fault', `${link} is whole again`)
    })
  },
  'link-up'({ link }, { network }) {
    const cable = network.cables.get(link)
    if (cable !== undefined) cable.down = false
  },
  burst({ traffic, packets }, { burst }) {
    burst(traffic, packets)
  },
  stall({ host, cpu, for: forNs }, { network, world }) {
    for (const one of network.cpus.get(host) ?? [])
      if (cpu === undefined || one.id === cpu) one.stall(world.nowNs + forNs)
  },
  async 'replace-program'({ on, mode, with: name }, { network, stage, world }) {
    const port = network.ports.get(on)
    const program = stage.programs.get(name)
    if (port === undefined || program === undefined) return
    const { attached } = await attach(program, port.staged, { mode, fallback: undefined }, world.log)
    if (attached !== undefined) stage.attachments.set(hookKey(on, mode), { program: name, mode, fallback: undefined })
    port.wakeAll()
  },
  async 'detach-program'({ on, mode }, { network, stage }) {
    const port = network.ports.get(on)
    await port?.staged.nic.detachXdp(mode)
    stage.attachments.delete(hookKey(on, mode))
    port?.wakeAll()
  },
  'set-map'({ program, map, entries, addresses }, { stage }) {
    const staged = stage.programs.get(program)
    if (staged === undefined) return
    const interfaces = [...(stage.hosts.get(staged.host)?.interfaces.values() ?? [])]
    const indexes = new Map(interfaces.map(({ nic }) => [nic.name, nic.ifindex]))
    if (addresses !== undefined) setAddresses(staged.objects.map(map), addresses)
    for (const element of entries) setElement(staged.objects.map(map), element, indexes)
  },
  'fill-map'({ program, map }, { stage, seed, world }) {
    const staged = stage.programs.get(program)
    if (staged === undefined) return
    const added = fill(staged.objects.map(map), new Random(namedSeed(seed, `${program} ${map}`)))
    world.log.add('fault', `${map} of ${program} is full: ${added} elements added`, staged.host)
  },
  async firmware({ card, firmware }, context) {
    for (const port of portsOf(card, context.network)) {
      await port.staged.nic.loadFirmware(firmwareOf(firmware))
      await reload(port, context)
      port.wakeAll()
    }
  },
  'remove-card'({ card }, { network, world }) {
    for (const port of portsOf(card, network)) {
      port.staged.nic.nic.up = false
      port.staged.nic.attachments.uninstall()
      port.removed = true
      for (const cable of network.cables.values()) if (cable.directions.includes(port.out as never)) cable.down = true
      const waiting = port.queues.reduce((sum, queue) => sum + port.waiting(queue), 0)
      if (waiting > 0) world.measure.wayFate(port.path, 'card_removed', world.nowNs, waiting)
    }
  },
  'set-mtu'({ on, mtu }, { network }) {
    network.ports.get(on)?.staged.nic.attachments.changeMtu(mtu)
  },
}

function portsOf(card: string, network: Network): Port[] {
  return [...network.ports.values()].filter(({ staged }) => staged.card === card)
}

/** After the firmware has changed: the card's program is loaded for it anew, or falls back. */
async function reload(port: Port, { stage, world }: FaultContext): Promise<void> {
  const wanted = stage.attachments.get(hookKey(port.path, 'offload'))
  const program = wanted === undefined ? undefined : (stage.programs.get(wanted.program) as StagedProgram)
  if (wanted === undefined || program === undefined) return
  const { nic } = port.staged
  // What had fallen back to the host before is the card's again, if it takes it.
  if (wanted.fallback !== undefined && nic.attached(wanted.fallback)?.name === program.program.kernelProgram.name) {
    await nic.detachXdp(wanted.fallback)
  }
  await attach(program, port.staged, wanted, world.log)
}

/** Keys are drawn until the map takes no more. @returns how many it took */
function fill(map: BenchMap, random: Random): number {
  const { attributes, valueBytes } = map.kernelMap
  const value = new Uint8Array(valueBytes)
  let added = 0
  for (let left = attributes.maxEntries - map.size; left > 0; left--) {
    try {
      map.kernelMap.update(
        Uint8Array.from({ length: attributes.keySizeBytes }, () => random.word() & 0xff),
        value,
      )
      added++
    } catch (error) {
      if (isDiagnostic(error)) return added
      throw error
    }
  }
  return added
}
