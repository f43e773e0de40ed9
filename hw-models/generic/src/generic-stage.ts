import {
  type DriverContext,
  FATE,
  type Fate,
  type FrameCursor,
  type PollQueue,
  SKB_DROP_REASON,
  STAGE,
  XDP_EVENT,
  type XdpHook,
  type XdpStage,
  type XdpStageFactory,
} from '@bpfoundry/device'
import { XDP_ACTION } from '@bpfoundry/kernel-abi'
import { type SkbChange, SkbHead } from './skb-head.ts'
import { SkbHeader } from './skb-header.ts'

/** What the stack does with a verdict. @returns true when the skb goes on */
type Action = (stage: GenericStage, frame: FrameCursor, queue: PollQueue) => boolean

/**
 * XDP in the stack, on an skb: the driver has built it already, whatever the verdict. An skb that is not linear or has less
 * head room than native XDP grants is reallocated first; sending and redirecting go one packet at a time, each with its own
 * doorbell, through the ordinary transmit path.
 *
 * @see do_xdp_generic, netif_receive_generic_xdp, generic_xdp_tx in net/core/dev.c (6.12)
 */
class GenericStage implements XdpStage {
  readonly mode = 'generic'
  readonly context: DriverContext
  readonly hook: XdpHook
  readonly header: SkbHeader
  /** Who traces is told of every skb that is freed. */
  readonly seesAll: boolean
  readonly #head: SkbHead
  readonly #noted: boolean
  readonly #actions: readonly Action[] = [abort, drop, pass, transmit, redirect]

  constructor(context: DriverContext) {
    this.context = context
    this.hook = context.hook('generic')
    this.header = new SkbHeader(context)
    this.#head = new SkbHead(context)
    this.seesAll = context.events !== undefined
    this.#noted = context.handle.stackSink === 'capture' || context.events !== undefined
  }

  begin(queue: PollQueue): boolean {
    return this.hook.begin(queue.handle.index)
  }

  get wholePackets(): boolean {
    return !this.hook.hasFrags
  }

  prepare(frame: FrameCursor): boolean {
    const change = this.#head.changeOf(frame, this.hook.hasFrags)
    for (const counter of CHANGE_COUNTERS[change]) this.hook.counters.add(counter, 1)
    const own = frame.frame
    const changed = this.#head.prepare(frame, change)
    if (this.#noted) this.header.note(own, frame)
    return changed
  }

  settle(verdict: number, frame: FrameCursor, queue: PollQueue): boolean {
    this.#head.restore(frame)
    const action = this.#actions[verdict]
    if (action !== undefined) return action(this, frame, queue)
    this.hook.warnInvalidAction(verdict)
    this.except(verdict)
    this.lose(frame, queue, 'invalid_action', SKB_DROP_REASON.NOT_SPECIFIED)
    return false
  }

  /** trace_xdp_exception */
  except(verdict: number): void {
    const { events, handle } = this.context
    events?.emit(XDP_EVENT.exception, this.hook.programId, verdict, handle.ifindex)
  }

  /** kfree_skb_reason */
  lose(frame: FrameCursor, queue: PollQueue, fate: Fate, reason: number): void {
    const { events, handle } = this.context
    events?.emit(XDP_EVENT.kfreeSkb, this.header.protocol(frame), reason, handle.ifindex)
    this.context.discard(frame, queue, fate)
  }

  /** Notes what the stack takes the skb for. */
  keepHeader(frame: FrameCursor): void {
    if (this.#noted) this.header.settle(frame)
  }

  /** Nothing waits: generic XDP does not bulk. */
  end(): void {}
}

/** What is counted of each change. */
const CHANGE_COUNTERS: Readonly<Record<SkbChange, readonly number[]>> = {
  none: [],
  expanded: [STAGE.skbExpansions],
  linearized: [STAGE.skbExpansions, STAGE.skbLinearized],
  copied: [STAGE.skbCopies],
}

const abort: Action = (stage, frame, queue) => {
  stage.except(XDP_ACTION.ABORTED)
  stage.lose(frame, queue, 'aborted', SKB_DROP_REASON.NOT_SPECIFIED)
  return false
}

const drop: Action = (stage, frame, queue) => {
  stage.lose(frame, queue, 'drop', SKB_DROP_REASON.NOT_SPECIFIED)
  return false
}

const pass: Action = (stage, frame) => {
  stage.keepHeader(frame)
  return true
}

const transmit: Action = (stage, frame, queue) => {
  const { port } = stage.context
  if (port.send(frame, queue)) {
    port.flush()
    queue.fates.add(FATE.tx, 1)
  } else {
    stage.hook.counters.add(STAGE.txErrors, 1)
    stage.except(XDP_ACTION.TX)
    stage.lose(frame, queue, 'tx_full', SKB_DROP_REASON.NOT_SPECIFIED)
  }
  return false
}

const redirect: Action = (stage, frame, queue) => {
  const { redirects } = stage.context
  if (redirects.redirectSkb(frame, queue, stage.hook.programId) === 0) return false
  stage.hook.counters.add(STAGE.redirectErrors, 1)
  stage.lose(frame, queue, redirects.failure, SKB_DROP_REASON.XDP)
  return false
}

/** The generic hook of a card, as a stage of `createDriverPoll`. */
export const genericStage: XdpStageFactory = (context) => new GenericStage(context)
