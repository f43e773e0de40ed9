import type { XdpMode } from '@bpfoundry/device'
import {
  type BenchNic,
  type BenchObjects,
  type BenchProgram,
  CaptureOutput,
  capture,
  fillMap,
  pktgen,
  type RunReport,
  readText,
  Testbench,
  type Traffic,
} from '@bpfoundry/testbench'
import type { CommandIo } from '../command-io.ts'
import { sayEngine } from '../engines.ts'
import { EXIT, UsageError } from '../exit-code.ts'
import { Interrupt } from '../interrupt.ts'
import { cardNamed } from '../offload/cards.ts'
import { withAllReasons } from '../offload/offload-blocked.ts'
import type { Assignment } from '../options/arguments.ts'
import { formatCount, Progress } from '../output.ts'

/** A card, its traffic and what fills maps, as options/traffic-options.ts has them. */
export interface PlayOptions {
  readonly program?: string
  readonly mode: XdpMode
  readonly nic?: string
  readonly cpus: number
  readonly queues?: number
  readonly ringSize?: number
  readonly mtu?: number
  readonly engine: string
  readonly pcap?: string
  readonly pktgen?: string
  readonly count?: number
  readonly burst?: number
  readonly write?: string
  readonly map: readonly Assignment[]
  readonly deterministic?: boolean
  readonly seed: number
}

/** What is there once the traffic is through. */
export interface Played {
  readonly objects: BenchObjects
  readonly report: RunReport
}

/** The card that a mode runs on when `--nic` names none. */
export const DEFAULT_PROFILES: Readonly<Record<XdpMode, string>> = {
  generic: 'ixgbe',
  native: 'ixgbe',
  offload: 'agilio-cx-2x10',
}

/**
 * Loads an object, attaches a program to a card and lets traffic arrive.
 *
 * @param use told what is there then, before it is gone
 * @returns the exit code
 */
export async function play(
  object: string,
  options: PlayOptions,
  io: CommandIo,
  use: (played: Played) => void,
): Promise<number> {
  const traffic = trafficOf(options)
  const bench = await Testbench.create({
    cpus: options.cpus,
    threads: options.deterministic !== true,
    engine: sayEngine(options.engine, io),
    seed: options.seed,
    trace: (line) => io.err(`trace: ${line}\n`),
  })
  try {
    return await playOn(bench, object, traffic, options, io, use)
  } finally {
    await bench.close()
  }
}

async function playOn(
  bench: Testbench,
  object: string,
  traffic: Traffic,
  options: PlayOptions,
  io: CommandIo,
  use: (played: Played) => void,
): Promise<number> {
  const nic = addCards(bench, options)
  const objects = await bench.load(object)
  const program = objects.program(options.program)
  for (const { name, value } of options.map) fillMap(objects.map(name), readText(value), value)
  // Most drivers take redirected packets only while they have a native program of their own.
  for (const card of options.mode === 'native' ? bench.nics : [nic]) await attach(card, object, program, options)
  const report = await receive(nic, traffic, options, io)
  use({ objects, report })
  return report.interrupted ? EXIT.interrupted : EXIT.ok
}

/** What a card refuses is told completely, not only the first of it. */
async function attach(nic: BenchNic, object: string, program: BenchProgram, options: PlayOptions): Promise<void> {
  try {
    await nic.attachXdp(program, { mode: options.mode })
  } catch (error) {
    const card = nic.handle.profile.offload
    if (options.mode !== 'offload' || card === undefined) throw error
    throw withAllReasons(error, { object, program: program.name, card: cardNamed(card), mtu: options.mtu })
  }
}

function trafficOf(options: PlayOptions): Traffic {
  if ((options.pcap === undefined) === (options.pktgen === undefined)) {
    throw new UsageError({
      code: 'CLI_TRAFFIC',
      message: options.pcap === undefined ? 'no traffic given' : 'two kinds of traffic given',
      expected: 'one of --pcap FILE and --pktgen SPEC',
      hint: "--pktgen 'count=100000,src=10.0.0.0/8' makes packets without a file",
    })
  }
  const count = options.count === undefined ? {} : { count: options.count }
  return options.pcap === undefined ? pktgen(options.pktgen ?? '', count) : capture(options.pcap, count)
}

/** eno1 takes the traffic; eno2, of the same kind, is there to be redirected to (ifindex 2 and 3). */
function addCards(bench: Testbench, options: PlayOptions): BenchNic {
  const card = {
    profile: options.nic ?? DEFAULT_PROFILES[options.mode],
    ...(options.queues === undefined ? {} : { queues: options.queues }),
    ...(options.ringSize === undefined ? {} : { ringSize: options.ringSize }),
    ...(options.mtu === undefined ? {} : { mtu: options.mtu }),
    txSink: 'discard',
    stackSink: options.write === undefined ? 'discard' : 'capture',
  } as const
  const nic = bench.addNic('eno1', card)
  bench.addNic('eno2', card)
  return nic
}

async function receive(nic: BenchNic, traffic: Traffic, options: PlayOptions, io: CommandIo): Promise<RunReport> {
  const interrupt = new Interrupt(io)
  const progress = new Progress(io)
  const output = options.write === undefined ? undefined : new CaptureOutput(options.write)
  try {
    const report = await nic.receive(traffic, {
      signal: interrupt.signal,
      ...(options.burst === undefined ? {} : { burst: options.burst }),
      ...(output === undefined ? {} : { onPass: (frame) => output.add(frame) }),
      onProgress: (delivered, total) => progress.show(progressText(delivered, total)),
    })
    output?.close()
    return report
  } catch (error) {
    output?.discard()
    throw error
  } finally {
    progress.clear()
    interrupt.dispose()
  }
}

/** `1,234 of 5,678 packets`. */
export function progressText(delivered: number, total: number | undefined): string {
  return `${formatCount(delivered)}${total === undefined ? '' : ` of ${formatCount(total)}`} packets`
}
