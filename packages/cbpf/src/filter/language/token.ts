import type { Protocol } from '../qualifiers.ts'

/** A word of the language, by what the grammar takes it for. */
// biome-ignore format: by role
export type Word =
  | 'src' | 'dst' | 'host' | 'net' | 'mask' | 'port' | 'portrange' | 'proto' | 'protochain' | 'gateway'
  | 'less' | 'greater' | 'byte' | 'broadcast' | 'multicast' | 'and' | 'or' | 'not' | 'len'
  | 'inbound' | 'outbound' | 'ifindex' | 'ifname' | 'vlan' | 'mpls' | 'pppoed' | 'pppoes' | 'llc'

/** What words and signs are made of: each form once. */
export type TokenContent =
  | { readonly kind: 'word'; readonly word: Word }
  | { readonly kind: 'protocol'; readonly protocol: Protocol }
  /** A word of link layers that are not supported. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'sign'; readonly sign: string }
  | { readonly kind: 'number'; readonly value: number }
  /** A name of a host, a port ...; `text` is without a leading backslash. */
  | { readonly kind: 'name' }
  /** Two to four numbers with dots. */
  | { readonly kind: 'ipv4' }
  | { readonly kind: 'ipv6' }
  | { readonly kind: 'mac' }
  | { readonly kind: 'arcnet' }
  | { readonly kind: 'end' }

export type Token = TokenContent & {
  readonly text: string
  /** Offset in the expression. */
  readonly at: number
}
