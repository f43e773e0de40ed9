import type { AncillaryName } from '../ancillary-data.ts'

/** A field that an eBPF program loads: BPF_B, BPF_H, BPF_W or BPF_DW, and its offset. */
export interface ContextField {
  readonly size: number
  readonly off: number
}

/** How a translated program reaches packet data. */
export type PacketAccess =
  /** By BPF_LD | BPF_ABS and BPF_IND, which who loads the program (the kernel's verifier) replaces. */
  | { readonly kind: 'instructions' }
  /** By loads within the linear part; a helper of these numbers, by bytes, loads what lies elsewhere. */
  | {
      readonly kind: 'memory'
      /** Address of the packet. */
      readonly data: ContextField
      /** How much of its length is in fragments. */
      readonly fragmentsLength: ContextField
      readonly helpers: Readonly<Record<1 | 2 | 4, number>>
    }

/** How a translated program gets one of the ancillary data. */
export type AncillaryAccess =
  | { readonly kind: 'field'; readonly field: ContextField; readonly byteOrder?: 'big' }
  /** 1 where the field is not 0. */
  | { readonly kind: 'flag'; readonly field: ContextField }
  /** A field behind a pointer that may be null, which ends the program. */
  | { readonly kind: 'pointed'; readonly pointer: ContextField; readonly field: ContextField }
  /** A helper of this number, called with the context, A and X. */
  | { readonly kind: 'call'; readonly helper: number }

/** What a program that is translated to eBPF finds in its context. */
export interface ContextLayout {
  /** What it is, for errors. */
  readonly name: string
  /** A verifier will read the program: instructions that no way leads to are left out, for it refuses them. */
  readonly verified: boolean
  /** Bytes of the whole packet. */
  readonly length: ContextField
  readonly packet: PacketAccess
  /** What is missing can't be had. `alu_xor_x` is arithmetic and in no layout. */
  readonly ancillary: Readonly<Partial<Record<AncillaryName, AncillaryAccess>>>
}
