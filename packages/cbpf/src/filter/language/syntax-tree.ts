import type { ArithmeticName, ComparisonName } from '../opcodes.ts'
import type { Protocol, Qualifiers } from '../qualifiers.ts'

/** What an id is, as written. */
export type Id =
  | { readonly form: 'number'; readonly value: number }
  | { readonly form: 'name'; readonly text: string }
  | { readonly form: 'mac'; readonly text: string }
  | { readonly form: 'arcnet'; readonly text: string }
  | { readonly form: 'ipv4'; readonly text: string }
  | { readonly form: 'ipv4-prefix'; readonly text: string; readonly bits: number }
  | { readonly form: 'ipv4-mask'; readonly text: string; readonly mask: string }
  | { readonly form: 'ipv6'; readonly text: string; readonly bits: number | undefined }

/** Numbers that a filter computes from a packet. */
export type Arithmetic =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'length' }
  | { readonly kind: 'negate'; readonly operand: Arithmetic }
  | {
      readonly kind: 'load'
      readonly protocol: Protocol
      readonly index: Arithmetic
      readonly bytes: number
      readonly at: number
    }
  | {
      readonly kind: 'binary'
      readonly operator: ArithmeticName
      readonly left: Arithmetic
      readonly right: Arithmetic
      readonly at: number
    }

/** What has a number of its own behind it: `vlan 100`. */
export type Encapsulation = 'vlan' | 'mpls' | 'pppoes'

/** One test of a packet. */
export type Primitive =
  | { readonly kind: 'id'; readonly id: Id; readonly qualifiers: Qualifiers | undefined }
  | { readonly kind: 'protocol'; readonly protocol: Protocol }
  | {
      readonly kind: 'relation'
      readonly comparison: ComparisonName
      readonly inverted: boolean
      readonly left: Arithmetic
      readonly right: Arithmetic
    }
  | { readonly kind: 'broadcast' | 'multicast'; readonly protocol: Protocol }
  | { readonly kind: 'less' | 'greater'; readonly bytes: number }
  | { readonly kind: 'byte'; readonly index: number; readonly operator: string; readonly value: number }
  | { readonly kind: 'inbound' | 'outbound' | 'pppoed' }
  | { readonly kind: 'ifindex'; readonly index: number }
  | { readonly kind: 'llc'; readonly type: string | undefined }
  | { readonly kind: Encapsulation; readonly number: number | undefined }

export type Expression =
  | (Primitive & { readonly at: number })
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'chain'; readonly first: Expression; readonly rest: readonly ChainLink[] }

/** `and` and `or` bind alike, from left to right: a chain is a list, however long. */
export interface ChainLink {
  readonly operator: 'and' | 'or'
  readonly operand: Expression
}
