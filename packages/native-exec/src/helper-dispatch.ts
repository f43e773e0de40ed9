/**
 * The one C function through which machine code of this thread calls into JavaScript. koffi has 8192 such functions in a
 * process, so a thread has one, for all its engines, and who runs says so beforehand.
 */
import { loadKoffi } from './foreign-functions.ts'

/** Who runs machine code. */
export interface HelperTarget {
  /** Calls the helper that machine code wants. Never throws: there is machine code above it on the stack. */
  help(): void
}

let callback: number | undefined
let target: HelperTarget | undefined

/** Host address of `void help(void)`. */
export function helperDispatcher(): number {
  callback ??= register()
  return callback
}

/** Says who runs from now on. Cheap when nothing changes, which is nearly always. */
export function runAs(next: HelperTarget): void {
  if (target !== next) target = next
}

function register(): number {
  const koffi = loadKoffi()
  const type = koffi.pointer(koffi.proto('void', []))
  return Number(koffi.register(() => target?.help(), type))
}
