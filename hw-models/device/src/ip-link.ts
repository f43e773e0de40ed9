import type { Attached } from './xdp-attachments.ts'

/** Words of `ip link` for a mode, in its first line and before the program. @see iproute2 ip/iplink_xdp.c */
const MODE_WORD = { native: 'xdp', generic: 'xdpgeneric', offload: 'xdpoffload' } as const
const MULTI_WORD = { native: 'xdpdrv', generic: 'xdpgeneric', offload: 'xdpoffload' } as const
/** XDP_ATTACHED_*. */
const MODE_NUMBER = { native: 1, generic: 2, offload: 3 } as const
const XDP_ATTACHED_MULTI = 4

/** The word after the MTU in `ip link`: `xdp`, `xdpgeneric`, `xdpoffload`, `xdpmulti`, or empty. */
export function ipLinkModeWord(attached: readonly Attached[]): string {
  if (attached.length > 1) return 'xdpmulti'
  const only = attached[0]
  return only === undefined ? '' : MODE_WORD[only.mode]
}

/** The lines below the address: `    prog/xdp id 628 name filter tag a77c715aaac4979b jited`. */
export function ipLinkProgramLines(attached: readonly Attached[]): string[] {
  const words = attached.length > 1 ? MULTI_WORD : MODE_WORD
  return attached.map(({ mode, program }) => {
    const name = program.name === '' ? '' : ` name ${program.name}`
    return `    prog/${words[mode]} id ${program.id}${name} tag ${program.tag}${program.jited ? ' jited' : ''}`
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
}

/** What `ip -j link` says of the attached programs. */
export function ipLinkJson(attached: readonly Attached[]): IpLinkXdpJson | undefined {
  const rows = attached.map(({ mode, program }) => ({
    mode: MODE_NUMBER[mode],
    prog: {
      id: program.id,
      ...(program.name === '' ? {} : { name: program.name }),
      tag: program.tag,
      jited: program.jited ? 1 : 0,
    },
  }))
  const [only] = rows
  if (only === undefined) return undefined
  if (rows.length > 1) return { mode: XDP_ATTACHED_MULTI, attached: rows }
  return { mode: only.mode, prog: only.prog, attached: rows }
}
