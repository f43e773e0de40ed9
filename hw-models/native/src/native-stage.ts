import {
  type DriverContext,
  FATE,
  type FrameCursor,
  type PollQueue,
  STAGE,
  type XdpHook,
  type XdpStage,
  type XdpStageFactory,
} from '@bpfoundry/device'

/** What the driver does with a verdict. @returns true when the packet goes on to the stack */
type Action = (stage: NativeStage, frame: FrameCursor, queue: PollQueue) => boolean

/**
 * XDP in the driver's receive path: before any skb exists, on the frame as the card wrote it. Verdicts that the driver
 * doesn't know are dropped with a warning; sending is bulked, and everything leaves at the end of the poll.
 *
 * @see Documentation/bpf/redirect.rst; the receive loops of ixgbe, i40e, mlx5, nfp (nfd3/dp.c)
 */
class NativeStage implements XdpStage {
  readonly mode = 'native'
  readonly context: DriverContext
  readonly hook: XdpHook
  readonly #actions: readonly (Action | undefined)[]

  constructor(context: DriverContext) {
    this.context = context
    this.hook = context.hook('native')
    const known = context.handle.profile.native?.actions
    this.#actions = [abort, drop, pass, known?.tx ? transmit : undefined, known?.redirect ? redirect : undefined]
  }

  begin(queue: PollQueue): boolean {
    return this.hook.begin(queue.handle.index)
  }

  settle(verdict: number, frame: FrameCursor, queue: PollQueue): boolean {
    const action = this.#actions[verdict]
    if (action !== undefined) return action(this, frame, queue)
    this.hook.warnInvalidAction(verdict)
    this.context.discard(frame, queue, 'invalid_action')
    return false
  }

  end(queue: PollQueue): void {
    this.context.redirects.flush(queue)
    this.context.port.flush()
  }
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
  if (stage.context.port.send(frame, queue.pool)) {
    queue.fates.add(FATE.tx, 1)
  } else {
    stage.hook.counters.add(STAGE.txErrors, 1)
    stage.context.discard(frame, queue, 'tx_full')
  }
  return false
}

const redirect: Action = (stage, frame, queue) => {
  if (!stage.context.redirects.enqueue(frame, queue)) {
    stage.hook.counters.add(STAGE.redirectErrors, 1)
    stage.context.discard(frame, queue, 'redirect_error')
  }
  return false
}

/** The native hook of a card, as a stage of `createDriverPoll`. */
export const nativeStage: XdpStageFactory = (context) => new NativeStage(context)
