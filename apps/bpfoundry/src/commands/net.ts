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
import { type Command, Option } from 'commander'
import { wholeNumber } from '../arguments.ts'
import type { CommandContext } from '../command-io.ts'
import { cardNamed } from '../offload/card-option.ts'
import { withAllReasons } from '../offload/offload-blocked.ts'
import { formatJson } from '../output.ts'
import { DEFAULT_PROFILES } from './run.ts'

interface ShowOptions {
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

/** Words of the command, what it is like, and what it prints. */
// biome-ignore format: table
const SHOWS: readonly (readonly [object: string, verb: string, like: string, shown: Shown])[] = [
  ['net',  'show',    'bpftool net show',     { lines: (nic) => bpftoolNetLines([netDevice(nic)]), json: (nic) => bpftoolNetJson([netDevice(nic)]) }],
  ['net',  'filters', 'tc filter show',       { lines: (nic, way) => tcFilterLines(nic.tc, way),   json: (nic, way) => tcFilterJson(nic.tc, way) }],
  ['link', 'show',    'ip link show',         { lines: (nic) => ipLinkLines(ipLink(nic)),          json: (nic) => [ipLinkObject(ipLink(nic))] }],
]

/** `bpfoundry net ...` and `bpfoundry link ...`: what the host's tools say once a program is attached to a card. */
export function addNetCommand(program: Command, { io }: CommandContext): void {
  const parents = new Map([
    ['net', program.command('net').description('programs at a card, as bpftool and tc show them')],
    ['link', program.command('link').description('cards, as ip shows them')],
  ])
  for (const [object, verb, like, shown] of SHOWS) {
    const command = (parents.get(object) as Command).command(verb)
    withOptions(command.description(`attach a program of an object to a card, and print what ${like} would`)).action(
      async (file: string, options: ShowOptions) => io.out(await show(shown, file, options)),
    )
  }
}

function withOptions(command: Command): Command {
  return command
    .argument('<object>', 'BPF object file')
    .option('--program <name>', 'function; needed when the object holds several')
    .addOption(
      new Option('--mode <mode>', 'where XDP runs').choices(['generic', 'native', 'offload']).default('native'),
    )
    .option('--nic <profile>', 'card or driver (default: ixgbe, for offload agilio-cx-2x10)')
    .option('--mtu <bytes>', 'MTU of the card', wholeNumber(68, 65535))
    .addOption(
      new Option('--direction <direction>', 'of a classifier').choices(['ingress', 'egress']).default('ingress'),
    )
    .option('--skip-sw', 'a classifier on the card only')
    .option('--json', 'as the tool prints it with -j')
}

async function show(shown: Shown, file: string, options: ShowOptions): Promise<string> {
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
