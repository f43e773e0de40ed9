import {
  type DriverContext,
  FATE,
  type FrameCursor,
  PORT,
  type PollQueue,
  SHARED_INFO_BYTES,
  STAGE,
  takeRedirectTarget,
  XDP_PACKET_HEADROOM_BYTES,
  type XdpHook,
  type XdpStage,
  type XdpStageFactory,
} from '@bpfoundry/device'

/** NET_SKB_PAD: head room grows in steps of this. @see include/linux/skbuff.h */
const SKB_PAD_BYTES = 64

/** What the stack does with a verdict. @returns true when the skb goes on */
type Action = (stage: GenericStage, frame: FrameCursor, queue: PollQueue) => boolean

/**
 * XDP in the stack, on an skb: the driver has built it already, whatever the verdict. An skb with less head room than
 * native XDP grants is reallocated first; sending and redirecting go one packet at a time, each with its own doorbell,
 * through the ordinary transmit path.
 *
 * @see do_xdp_generic, netif_receive_generic_xdp, generic_xdp_tx in net/core/dev.c
 */
class GenericStage implements XdpStage {
  readonly mode = 'generic'
  readonly context: DriverContext
  readonly hook: XdpHook
  readonly #headroomBytes: number
  readonly #expands: boolean
  readonly #actions: readonly Action[] = [abort, drop, pass, transmit, redirect]

  constructor(context: DriverContext) {
    this.context = context
    this.hook = context.hook('generic')
    const built = context.handle.profile.skbHeadroomBytes
    this.#expands = built < XDP_PACKET_HEADROOM_BYTES
    this.#headroomBytes = built + alignUp(Math.max(0, XDP_PACKET_HEADROOM_BYTES - built), SKB_PAD_BYTES)
  }

  begin(queue: PollQueue): boolean {
    return this.hook.begin(queue.handle.index)
  }

  /** Puts the packet where it lies in the skb that the program sees; metadata of an earlier stage is gone by then. */
  prepare(frame: FrameCursor): boolean {
    if (this.#expands) this.hook.counters.add(STAGE.skbExpansions, 1)
    const lengthBytes = frame.dataEnd - frame.data
    const target = frame.frame + this.#headroomBytes
    const fits = target + lengthBytes <= frame.frame + frame.frameBytes - SHARED_INFO_BYTES
    const moves = target !== frame.data && fits
    if (moves) {
      this.context.memory.u8.copyWithin(target, frame.data, frame.dataEnd)
      frame.data = target
      frame.dataEnd = target + lengthBytes
    }
    const changes = moves || frame.dataMeta !== frame.data
    frame.dataMeta = frame.data
    return changes
  }

  settle(verdict: number, frame: FrameCursor, queue: PollQueue): boolean {
    const action = this.#actions[verdict]
    if (action !== undefined) return action(this, frame, queue)
    this.hook.warnInvalidAction(verdict)
    this.context.discard(frame, queue, 'invalid_action')
    return false
  }

  /** Nothing waits: generic XDP does not bulk. */
  end(): void {}
}

const abort: Action = (stage, frame, queue) => {
  stage.context.discard(frame, queue, 'aborted')
  return false
}

const drop: Action = (stage, frame, queue) => {
  stage.context.discard(frame, queue, 'drop')
  return false
}

const pass: Action = () => true

const transmit: Action = (stage, frame, queue) => {
  const { port } = stage.context
  if (port.send(frame, queue.pool)) {
    port.flush()
    queue.fates.add(FATE.tx, 1)
  } else {
    stage.hook.counters.add(STAGE.txErrors, 1)
    stage.context.discard(frame, queue, 'tx_full')
  }
  return false
}

const redirect: Action = (stage, frame, queue) => {
  const { context } = stage
  const ifindex = takeRedirectTarget(context.memory, context.cpu)
  const port = ifindex === 0 ? undefined : context.ports(ifindex)
  const possible = port !== undefined && port.forwardError(frame.dataEnd - frame.data) === 0
  if (possible && port.send(frame, queue.pool)) {
    port.counters.add(PORT.xmit, 1)
    port.flush()
    queue.fates.add(FATE.redirect, 1)
    return false
  }
  if (possible) port.counters.add(PORT.xmitErrors, 1)
  stage.hook.counters.add(STAGE.redirectErrors, 1)
  context.discard(frame, queue, 'redirect_error')
  return false
}

function alignUp(bytes: number, step: number): number {
  return Math.ceil(bytes / step) * step
}

/** The generic hook of a card, as a stage of `createDriverPoll`. */
export const genericStage: XdpStageFactory = (context) => new GenericStage(context)
