import {
  bpftoolNetJson,
  bpftoolNetLines,
  type IpLink,
  ipLinkLines,
  ipLinkObject,
  type TcDirection,
  tcFilterJson,
  tcFilterLines,
  type XdpMode,
} from '@bpfoundry/device'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { type BenchNic, type BenchProgram, Testbench } from '@bpfoundry/testbench'
import type { CommandIo } from '../command-io.ts'
import { EXIT } from '../exit-code.ts'
import { cardNamed } from '../offload/cards.ts'
import { withAllReasons } from '../offload/offload-blocked.ts'
import { formatJson } from '../output.ts'
import { DEFAULT_PROFILES } from '../run/play.ts'

/** The words of these commands. */
export type ShowCommand = 'net show' | 'net filters' | 'link show'

/** They take the same options. */
export interface ShowOptions {
  readonly program?: string
  readonly mode: XdpMode
  readonly nic?: string
  readonly mtu?: number
  readonly direction: TcDirection
  readonly skipSw?: boolean
  readonly json?: boolean
}

/** What a tool would print: lines, or an object for `--json`. */
interface Shown {
  lines(nic: BenchNic, direction: TcDirection): readonly string[]
  json(nic: BenchNic, direction: TcDirection): unknown
}

/** What `bpfoundry OBJECT VERB` prints. */
// biome-ignore format: table
const SHOWS: Readonly<Record<ShowCommand, Shown>> = {
  'net show':    { lines: (nic) => bpftoolNetLines([netDevice(nic)]), json: (nic) => bpftoolNetJson([netDevice(nic)]) },
  'net filters': { lines: (nic, way) => tcFilterLines(nic.tc, way),   json: (nic, way) => tcFilterJson(nic.tc, way) },
  'link show':   { lines: (nic) => ipLinkLines(ipLink(nic)),          json: (nic) => [ipLinkObject(ipLink(nic))] },
}

/** Attaches a program of an object to a card, and prints what a host's tool would say then. @returns the exit code */
export async function show(command: ShowCommand, file: string, options: ShowOptions, io: CommandIo): Promise<number> {
  io.out(await shownText(SHOWS[command], file, options))
  return EXIT.ok
}

async function shownText(shown: Shown, file: string, options: ShowOptions): Promise<string> {
  const bench = await Testbench.create()
  try {
    const offloads = options.mode === 'offload' || options.skipSw === true
    const profile = options.nic ?? DEFAULT_PROFILES[offloads ? 'offload' : options.mode]
    const nic = bench.addNic('eth0', { profile, ...(options.mtu === undefined ? {} : { mtu: options.mtu }) })
    await attach(bench, nic, file, options)
    const { direction } = options
    return options.json ? `${formatJson(shown.json(nic, direction))}\n` : `${shown.lines(nic, direction).join('\n')}\n`
  } finally {
    await bench.close()
  }
}

async function attach(bench: Testbench, nic: BenchNic, file: string, options: ShowOptions): Promise<void> {
  const objects = await bench.load(file, {
    ...(options.program === undefined ? {} : { programs: [options.program] }),
    ...(options.skipSw === true ? { offloadIfindex: nic.ifindex } : {}),
  })
  const program = objects.program(options.program)
  if (program.kernelProgram.image.type === PROG_TYPE.SCHED_CLS)
    addFilter(nic, `${file.split('/').at(-1)}:[${objects.spec.programs.get(program.name)?.section}]`, program, options)
  else await attachXdp(nic, file, program, options)
}

/** As `tc filter add dev eth0 ingress bpf direct-action object-file FILE`. */
function addFilter(nic: BenchNic, label: string, { kernelProgram }: BenchProgram, options: ShowOptions): void {
  const { direction, skipSw = false } = options
  nic.tc.addQdisc('clsact')
  if (skipSw) nic.tc.setHwTcOffload(true)
  nic.tc.addFilter({ direction, program: nic.attachable(kernelProgram), label, directAction: true, skipSw })
}

async function attachXdp(nic: BenchNic, file: string, program: BenchProgram, options: ShowOptions): Promise<void> {
  try {
    await nic.attachXdp(program, { mode: options.mode })
  } catch (error) {
    const card = nic.handle.profile.offload
    if (options.mode !== 'offload' || card === undefined) throw error
    throw withAllReasons(error, { object: file, program: program.name, card: cardNamed(card), mtu: options.mtu })
  }
}

function netDevice(nic: BenchNic): Parameters<typeof bpftoolNetLines>[0][number] {
  return { name: nic.name, ifindex: nic.ifindex, xdp: nic.attachments, tc: nic.tc }
}

function ipLink(nic: BenchNic): IpLink {
  return {
    ifindex: nic.ifindex,
    name: nic.name,
    flags: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'],
    mtu: nic.nic.mtu,
    attached: nic.attachments.attached(),
    qdisc: 'mq',
    state: 'UP',
    address: nic.handle.mac.map((byte) => byte.toString(16).padStart(2, '0')).join(':'),
    transmitQueueLength: 1000,
  }
}
