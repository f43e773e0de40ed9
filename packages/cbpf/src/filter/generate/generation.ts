import type { CbpfError, CbpfErrorCode } from '../../cbpf-error.ts'
import type { FilterSource } from '../filter-source.ts'
import { type LinkType, linkTypeNamed } from '../link-types.ts'
import { CellAllocator } from './cell-allocator.ts'

/**
 * What code is generated from: where the headers stand that the next primitive means. Primitives for encapsulations move
 * them for all that is behind.
 */
export class Generation {
  readonly source: FilterSource
  readonly cells: CellAllocator
  /** Of the headers that are meant now. */
  link: LinkType
  /** Where they start. */
  linkHeader = 0
  /** The field that tells the type of what is inside. */
  typeField: number
  payload: number
  /** From the payload to the network header, with and without a SNAP header. */
  network: number
  networkWithoutSnap: number
  /** Labels between the link layer and the network header. */
  mplsLabels = 0
  /** Header chains have loops, which the optimizer does not understand. */
  hasLoops = false
  /** The primitive that code is generated for: where errors are. */
  at = 0

  constructor(source: FilterSource, link: LinkType) {
    this.source = source
    this.link = link
    this.cells = new CellAllocator(() => this.error('out of registers needed to evaluate expression'))
    this.typeField = link.typeOffset
    this.payload = link.payload
    this.network = link.network
    this.networkWithoutSnap = link.networkWithoutSnap
  }

  /** An expression that can be read, but means nothing. */
  error(message: string, details: { readonly hint?: string } = {}): CbpfError {
    return this.#error('CBPF_FILTER_MEANING', message, details)
  }

  unsupported(message: string): CbpfError {
    return this.#error('CBPF_FILTER_UNSUPPORTED', message, {})
  }

  unknownName(message: string, hint: string): CbpfError {
    return this.#error('CBPF_FILTER_NAME', message, { hint })
  }

  #error(code: CbpfErrorCode, message: string, details: { readonly hint?: string }): CbpfError {
    return this.source.error(code, this.at, message, details)
  }

  /** Behind a tag of four bytes in front of the type. */
  enterVlan(): void {
    this.payload += 4
    this.typeField += 4
  }

  /** Behind a label of four bytes in front of the network header. */
  enterMpls(): void {
    this.network += 4
    this.networkWithoutSnap += 4
    this.mplsLabels++
  }

  /** Behind six bytes of PPPoE: what is inside is PPP, and begins with its protocol. */
  enterPppoe(): void {
    this.linkHeader = this.payload + this.network + 6
    this.link = linkTypeNamed('PPP') as LinkType
    this.typeField = this.linkHeader
    this.payload = this.linkHeader + 2
    this.network = 0
    this.networkWithoutSnap = 0
  }
}
