import { type DriverContext, FATE, type XdpStage, type XdpStageFactory } from '../src/index.ts'

/** A stage that does what the native one does, for tests of the poll loop alone (packages above can't be imported). */
export const nativeTestStage: XdpStageFactory = (context: DriverContext): XdpStage => {
  const hook = context.hook('native')
  return {
    mode: 'native',
    hook,
    begin: (queue) => hook.begin(queue.handle.index),
    settle: (verdict, frame, queue) => {
      if (verdict === 2) return true
      if (verdict === 3 && context.port.send(frame, queue.pool)) queue.fates.add(FATE.tx, 1)
      else if (verdict === 3) context.discard(frame, queue, 'tx_full')
      else if (verdict === 4 && context.redirects.redirect(frame, queue, hook.programId) !== 0)
        context.discard(frame, queue, context.redirects.failure)
      else if (verdict < 2) context.discard(frame, queue, verdict === 0 ? 'aborted' : 'drop')
      else if (verdict > 4) context.discard(frame, queue, 'invalid_action')
      return false
    },
    end: () => {
      context.redirects.flush()
      context.port.flush()
    },
  }
}
