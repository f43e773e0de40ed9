import { ERRNO } from '@bpfoundry/kernel-abi'
import { CCM_REPLY, CCM_REPLY_BYTES, type CcmType, readHeader, setTag } from './ccm-message.ts'

/** ETIMEDOUT. */
const ETIMEDOUT = 110
/** Requests that may be on their way: a quarter of all tags, so that none comes again too early. */
const TAGS_IN_FLIGHT = 0xffff / 4

/** The firmware's end: takes a request and answers, or, where something is broken, does not. */
export type CcmPeer = (request: Uint8Array) => Uint8Array | undefined

/**
 * The driver's end of the control channel: numbers requests, and takes only answers that fit.
 *
 * @see nfp/ccm.c (6.12)
 */
export class CcmChannel {
  readonly #peer: CcmPeer
  readonly #warn: (text: string) => void
  /** Tags of requests that were never answered stay taken until the answer comes, which here is never. */
  readonly #lost = new Set<number>()
  #nextTag = 0
  #sent = 0

  constructor(peer: CcmPeer, warn: (text: string) => void = () => {}) {
    this.#peer = peer
    this.#warn = warn
  }

  /** Requests that went out. */
  get sent(): number {
    return this.#sent
  }

  /**
   * Sends a request and waits for its reply.
   *
   * @param replyBytes what the reply must be long; undefined where the caller checks that
   * @returns the reply, or -errno: EAGAIN, ETIMEDOUT, EIO
   */
  communicate(type: CcmType, request: Uint8Array, replyBytes?: number): Uint8Array | number {
    if (this.#lost.size > TAGS_IN_FLIGHT) {
      this.#warn('all FW request contexts busy!')
      return -ERRNO.EAGAIN
    }
    const tag = this.#tag()
    setTag(request, tag)
    this.#sent++
    const reply = this.#peer(request)
    if (reply === undefined || !this.#isFor(tag, reply)) {
      this.#lost.add(tag)
      this.#warn(`timeout waiting for response to 0x${hex(type)}`)
      return -ETIMEDOUT
    }
    return this.#checked(type, reply, replyBytes)
  }

  #tag(): number {
    while (this.#lost.has(this.#nextTag)) this.#nextTag = (this.#nextTag + 1) & 0xffff
    const tag = this.#nextTag
    this.#nextTag = (tag + 1) & 0xffff
    return tag
  }

  /** nfp_ccm_rx: what is too short, or nobody waits for, is dropped. */
  #isFor(tag: number, reply: Uint8Array): boolean {
    if (reply.length < CCM_REPLY_BYTES) {
      this.#warn(`cmsg drop - too short ${reply.length}!`)
      return false
    }
    const got = readHeader(reply).tag
    if (got === tag) return true
    this.#warn(`cmsg drop - no one is waiting for tag ${got}!`)
    return false
  }

  #checked(type: CcmType, reply: Uint8Array, replyBytes: number | undefined): Uint8Array | number {
    const got = readHeader(reply).type
    if (got !== (CCM_REPLY | type)) {
      this.#warn(`cmsg drop - wrong type 0x${hex(got)} != 0x${hex(CCM_REPLY | type)}!`)
      return -ERRNO.EIO
    }
    if (replyBytes === undefined || reply.length === replyBytes) return reply
    this.#warn(`cmsg drop - type 0x${hex(type)} wrong size ${reply.length} != ${replyBytes}!`)
    return -ERRNO.EIO
  }
}

function hex(type: number): string {
  return type.toString(16).padStart(2, '0')
}
