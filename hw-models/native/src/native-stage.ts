import {
  type DriverContext,
  FATE,
  type FrameCursor,
  PORT,
  type PollQueue,
  STAGE,
  TxBulk,
  XDP_EVENT,
  type XdpHook,
  type XdpStage,
  type XdpStageFactory,
} from '@bpfoundry/device'
import { XDP_ACTION } from '@bpfoundry/kernel-abi'

/** What the driver does with a verdict. @returns true when the packet goes up */
type Action = (stage: NativeStage, frame: FrameCursor, queue: PollQueue) => boolean

/** What a driver tells by the tracepoint xdp_exception where its profile says nothing else. */
const ALL_FAILURES = { txFailed: true, redirectFailed: true, txBulkFrames: 0 } as const

/**
 * XDP in the driver's receive path, before any skb exists. What is sent leaves at the end of the poll.
 *
 * @see Documentation/bpf/redirect.rst; the receive loops of ixgbe, i40e, mlx5, virtio_net, veth, nfp (nfd3/dp.c)
 */
class NativeStage implements XdpStage {
  readonly mode = 'native'
  readonly context: DriverContext
  readonly hook: XdpHook
  readonly tracing: NonNullable<NonNullable<DriverContext['handle']['profile']['native']>['tracing']>
  /** For drivers that collect what they send. */
  readonly bulk: TxBulk | undefined
  readonly #actions: readonly (Action | undefined)[]

  constructor(context: DriverContext) {
    this.context = context
    this.hook = context.hook('native')
    const native = context.handle.profile.native
    this.tracing = native?.tracing ?? ALL_FAILURES
    const { txBulkFrames } = this.tracing
    this.bulk = txBulkFrames === 0 ? undefined : new TxBulk(context.port, txBulkFrames, context.events)
    const known = native?.actions
    this.#actions = [abort, drop, pass, known?.tx ? transmit : undefined, known?.redirect ? redirect : undefined]
  }

  begin(queue: PollQueue): boolean {
    return this.hook.begin(queue.handle.index)
  }

  /** A program that does not know frags gets no such packets, as attach rules and MTU have it; if one comes, it runs by itself. */
  get wholePackets(): boolean {
    return !this.hook.hasFrags
  }

  settle(verdict: number, frame: FrameCursor, queue: PollQueue): boolean {
    const action = this.#actions[verdict]
    if (action !== undefined) return action(this, frame, queue)
    this.hook.warnInvalidAction(verdict)
    this.except(verdict)
    this.context.discard(frame, queue, 'invalid_action')
    return false
  }

  /** trace_xdp_exception */
  except(verdict: number): void {
    const { events, handle } = this.context
    events?.emit(XDP_EVENT.exception, this.hook.programId, verdict, handle.ifindex)
  }

  end(queue: PollQueue): void {
    const lost = this.bulk?.flush(queue) ?? 0
    if (lost > 0) this.hook.counters.add(STAGE.txErrors, lost)
    this.context.redirects.flush()
    this.context.port.flush()
  }
}

const abort: Action = (stage, frame, queue) => {
  stage.except(XDP_ACTION.ABORTED)
  stage.context.discard(frame, queue, 'aborted')
  return false
}

const drop: Action = (stage, frame, queue) => {
  stage.context.discard(frame, queue, 'drop')
  return false
}

const pass: Action = () => true

const transmit: Action = (stage, frame, queue) => {
  const { context, hook, bulk } = stage
  if (bulk !== undefined) {
    const lost = bulk.add(frame, queue)
    if (lost > 0) hook.counters.add(STAGE.txErrors, lost)
  } else if (context.port.send(frame, queue)) {
    queue.fates.add(FATE.tx, 1)
  } else {
    hook.counters.add(STAGE.txErrors, 1)
    context.port.counters.add(PORT.txErrors, 1)
    if (stage.tracing.txFailed) stage.except(XDP_ACTION.TX)
    context.discard(frame, queue, 'tx_full')
  }
  return false
}

const redirect: Action = (stage, frame, queue) => {
  const { redirects } = stage.context
  if (redirects.redirect(frame, queue, stage.hook.programId) === 0) return false
  stage.hook.counters.add(STAGE.redirectErrors, 1)
  if (stage.tracing.redirectFailed) stage.except(XDP_ACTION.REDIRECT)
  stage.context.discard(frame, queue, redirects.failure)
  return false
}

/** The native hook of a card, as a stage of `createDriverPoll`. */
export const nativeStage: XdpStageFactory = (context) => new NativeStage(context)
