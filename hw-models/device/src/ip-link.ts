import type { AttachProgram } from './attach-driver.ts'
import type { Attached } from './xdp-attachments.ts'

/** Words of `ip link` for a mode: in its first line, and before programs where there are several. @see iproute2 ip/iplink_xdp.c */
const MODE_WORD = { native: 'xdp', generic: 'xdpgeneric', offload: 'xdpoffload' } as const
const MULTI_WORD = { native: 'xdpdrv', generic: 'xdpgeneric', offload: 'xdpoffload' } as const
/** XDP_ATTACHED_*. */
const MODE_NUMBER = { native: 1, generic: 2, offload: 3 } as const
const XDP_ATTACHED_MULTI = 4

/** An interface as `ip link` shows it. */
export interface IpLink {
  readonly ifindex: number
  readonly name: string
  /** `BROADCAST`, `UP` ... */
  readonly flags: readonly string[]
  readonly mtu: number
  readonly attached: readonly Attached[]
  readonly qdisc: string
  /** `UP`, `DOWN`, `UNKNOWN` ... */
  readonly state: string
  /** `aa:bb:cc:dd:ee:ff`. */
  readonly address: string
  /** 0 where there is no transmit queue. */
  readonly transmitQueueLength: number
}

/** What more to show. */
export interface IpLinkOptions {
  /** `ip -d link`: when programs were loaded, by whom, and their BTF. */
  readonly details?: boolean
}

const BROADCAST = 'ff:ff:ff:ff:ff:ff'

/**
 * `ip link show dev X`; with programs, one line each below the address. Of `ip -d link` the details of programs are
 * shown, those of the interface are not. Blanks at the ends of lines, which ip has, are left out.
 */
export function ipLinkLines(link: IpLink, options: IpLinkOptions = {}): string[] {
  const word = ipLinkModeWord(link.attached)
  const queue = link.transmitQueueLength === 0 ? '' : ` qlen ${link.transmitQueueLength}`
  const head = `${link.ifindex}: ${link.name}: <${link.flags.join(',')}> mtu ${link.mtu}`
  const rest = `qdisc ${link.qdisc} state ${link.state} mode DEFAULT group default${queue}`
  return [
    `${head} ${word === '' ? '' : `${word} `}${rest}`,
    `    link/ether ${link.address} brd ${BROADCAST}`,
    ...ipLinkProgramLines(link.attached, options),
  ]
}

/** `ip addr show dev X`: one program's id stands behind the mode word, and there are no lines for programs. */
export function ipAddressLines(link: IpLink): string[] {
  const [only, ...others] = link.attached
  const word = ipLinkModeWord(link.attached)
  const id = only !== undefined && others.length === 0 ? `/id:${only.program.id}` : ''
  const queue = link.transmitQueueLength === 0 ? '' : ` qlen ${link.transmitQueueLength}`
  const head = `${link.ifindex}: ${link.name}: <${link.flags.join(',')}> mtu ${link.mtu}`
  const rest = `qdisc ${link.qdisc} state ${link.state} group default${queue}`
  return [`${head} ${word === '' ? '' : `${word}${id} `}${rest}`, `    link/ether ${link.address} brd ${BROADCAST}`]
}

/** The word after the MTU in `ip link`: `xdp`, `xdpgeneric`, `xdpoffload`, `xdpmulti`, or empty. */
export function ipLinkModeWord(attached: readonly Attached[]): string {
  if (attached.length > 1) return 'xdpmulti'
  const only = attached[0]
  return only === undefined ? '' : MODE_WORD[only.mode]
}

/** The lines below the address: `    prog/xdp id 628 name filter tag a77c715aaac4979b jited`, in whatever mode it is alone. */
export function ipLinkProgramLines(attached: readonly Attached[], { details }: IpLinkOptions = {}): string[] {
  return attached.map(({ mode, program }) => {
    const name = program.name === '' ? '' : ` name ${program.name}`
    const jited = program.jited ? ' jited' : ''
    const more = details === true ? programDetails(program) : {}
    const detailWords = Object.entries(more).map(([key, value]) => ` ${key} ${value}`)
    const word = attached.length > 1 ? MULTI_WORD[mode] : MODE_WORD.native
    return `    prog/${word} id ${program.id}${name} tag ${program.tag}${jited}${detailWords.join('')}`
  })
}

/** The `xdp` object of `ip -j link`, undefined when nothing is attached. */
export interface IpLinkXdpJson {
  readonly mode: number
  readonly prog?: IpLinkProgramJson
  readonly attached: readonly { readonly mode: number; readonly prog: IpLinkProgramJson }[]
}

export interface IpLinkProgramJson {
  readonly id: number
  readonly name?: string
  readonly tag: string
  readonly jited: number
  readonly load_time?: number
  readonly created_by_uid?: number
  readonly btf_id?: number
}

/** An interface of `ip -j link`. */
export interface IpLinkJson {
  readonly ifindex: number
  readonly ifname: string
  readonly flags: readonly string[]
  readonly mtu: number
  readonly xdp?: IpLinkXdpJson
  readonly qdisc: string
  readonly operstate: string
  readonly linkmode: string
  readonly group: string
  readonly txqlen?: number
  readonly link_type: string
  readonly address: string
  readonly broadcast: string
}

/** What `ip -j link show dev X` prints of the interface. */
export function ipLinkObject(link: IpLink, options: IpLinkOptions = {}): IpLinkJson {
  const xdp = ipLinkJson(link.attached, options)
  return {
    ifindex: link.ifindex,
    ifname: link.name,
    flags: link.flags,
    mtu: link.mtu,
    ...(xdp === undefined ? {} : { xdp }),
    qdisc: link.qdisc,
    operstate: link.state,
    linkmode: 'DEFAULT',
    group: 'default',
    ...(link.transmitQueueLength === 0 ? {} : { txqlen: link.transmitQueueLength }),
    link_type: 'ether',
    address: link.address,
    broadcast: BROADCAST,
  }
}

/** What `ip -j link` says of the attached programs. */
export function ipLinkJson(attached: readonly Attached[], { details }: IpLinkOptions = {}): IpLinkXdpJson | undefined {
  const rows = attached.map(({ mode, program }) => ({
    mode: MODE_NUMBER[mode],
    prog: {
      id: program.id,
      ...(program.name === '' ? {} : { name: program.name }),
      tag: program.tag,
      jited: program.jited ? 1 : 0,
      ...(details === true ? programDetails(program) : {}),
    },
  }))
  const [only] = rows
  if (only === undefined) return undefined
  if (rows.length > 1) return { mode: XDP_ATTACHED_MULTI, attached: rows }
  return { mode: only.mode, prog: only.prog, attached: rows }
}

function programDetails({ loadTimeNs, userId, btfId }: AttachProgram): Partial<IpLinkProgramJson> {
  if (loadTimeNs === undefined) return {}
  const who = { load_time: loadTimeNs, created_by_uid: userId ?? 0 }
  return { ...who, ...(btfId === undefined ? {} : { btf_id: btfId }) }
}
