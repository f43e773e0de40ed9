import { statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** How often the file is looked at. */
const PERIOD_MS = 100

/**
 * Comes at once, and then each time the file has changed and is of one size for a moment, until the signal. Not by the
 * system's notices, which are of a file that compilers put another one in the place of.
 */
export async function* changesOf(path: string, signal: AbortSignal): AsyncGenerator<void> {
  let [seen, told]: (string | undefined)[] = [undefined, undefined]
  for (let first = true; !signal.aborted; first = false) {
    const state = stateOf(path)
    if (first || (state === seen && state !== told)) {
      told = state
      yield
    }
    seen = state
    await sleep(PERIOD_MS, undefined, { signal }).catch(() => undefined)
  }
}

function stateOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true })
  return stat === undefined ? 'none' : `${stat.ino} ${stat.size} ${stat.mtimeNs}`
}
