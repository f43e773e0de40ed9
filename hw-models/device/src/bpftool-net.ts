import type { TcDirection, TcFilterRow, TcQdisc, TrafficControl } from './tc/traffic-control.ts'
import type { XdpAttachments } from './xdp-attachments.ts'
import type { XdpMode } from './xdp-mode.ts'

/** An interface as `bpftool net show` goes through them. */
export interface BpftoolNetDevice {
  readonly name: string
  readonly ifindex: number
  readonly xdp: Pick<XdpAttachments, 'attached'>
  readonly tc?: TrafficControl
}

/** One object of `bpftool -j net show`. */
export type BpftoolNetRow = Readonly<Record<string, unknown>>

/** `bpftool -j net show`: an array with this one object. */
export interface BpftoolNetJson {
  readonly xdp: readonly BpftoolNetRow[]
  readonly tc: readonly BpftoolNetRow[]
  readonly flow_dissector: readonly BpftoolNetRow[]
  readonly netfilter: readonly BpftoolNetRow[]
}

const MODE_WORD: Readonly<Record<XdpMode, string>> = { generic: 'generic', native: 'driver', offload: 'offload' }

/** Names under which bpftool finds the filters of a qdisc: those of an ingress qdisc several times. */
const PARENTS: Readonly<Record<TcQdisc, readonly (readonly [kind: string, direction: TcDirection])[]>> = {
  clsact: [
    ['clsact/ingress', 'ingress'],
    ['clsact/egress', 'egress'],
  ],
  ingress: [
    ['ingress', 'ingress'],
    ['root', 'ingress'],
    ['clsact/ingress', 'ingress'],
    ['clsact/egress', 'ingress'],
  ],
}

/**
 * What `bpftool net show` prints of XDP programs and classifiers. There are no tcx links, flow dissectors and netfilter
 * programs here: their headings stand alone.
 *
 * @see tools/bpf/bpftool/{net,netlink_dumper}.c (6.12); compared with bpftool on a 6.18 kernel
 */
export function bpftoolNetLines(devices: readonly BpftoolNetDevice[]): string[] {
  return [
    'xdp:',
    ...devices.flatMap(xdpLine),
    '',
    'tc:',
    ...devices.flatMap(tcLines),
    '',
    'flow_dissector:',
    '',
    'netfilter:',
    '',
  ]
}

/** What `bpftool -j net show` prints. */
export function bpftoolNetJson(devices: readonly BpftoolNetDevice[]): [BpftoolNetJson] {
  const tc = devices.flatMap((device) =>
    filtersOf(device).map(([kind, { label, program }]) => ({
      devname: device.name,
      ifindex: device.ifindex,
      kind,
      ...(label === undefined ? {} : { name: label }),
      ...(program.id === 0 ? {} : { id: program.id }),
    })),
  )
  return [{ xdp: devices.flatMap(xdpRow), tc, flow_dissector: [], netfilter: [] }]
}

function xdpLine({ name, ifindex, xdp }: BpftoolNetDevice): string[] {
  const attached = xdp.attached()
  if (attached.length === 0) return []
  const words = attached.map(({ mode, program }) => ` ${MODE_WORD[mode]} id ${program.id}`)
  return [`${name}(${ifindex})${words.join('')}`]
}

function xdpRow({ name, ifindex, xdp }: BpftoolNetDevice): BpftoolNetRow[] {
  const programs = xdp.attached().map(({ mode, program }) => ({ mode: MODE_WORD[mode], id: program.id }))
  if (programs.length === 0) return []
  const device = { devname: name, ifindex }
  return programs.length > 1 ? [{ ...device, multi_attachments: programs }] : [{ ...device, ...programs[0] }]
}

function tcLines(device: BpftoolNetDevice): string[] {
  return filtersOf(device).map(([kind, { label, program }]) => {
    const words = [kind, label, program.id === 0 ? undefined : `id ${program.id}`]
    return `${device.name}(${device.ifindex}) ${words.filter((word) => word !== undefined).join(' ')}`
  })
}

function filtersOf({ tc }: BpftoolNetDevice): [kind: string, filter: TcFilterRow][] {
  const qdisc = tc?.qdisc
  if (tc === undefined || qdisc === undefined) return []
  return PARENTS[qdisc].flatMap(([kind, direction]) =>
    tc.filters(direction).map((filter): [string, TcFilterRow] => [kind, filter]),
  )
}
