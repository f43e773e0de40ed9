/**
 * The one C function through which machine code of this thread calls into JavaScript. koffi has 8192 such functions in a
 * process, so a thread has one, for all its engines, and who runs says so beforehand.
 */
import { loadKoffi } from './foreign-functions.ts'

/** Who runs machine code. */
export interface HelperTarget {
  /** Calls a helper by its number. Never throws: there is machine code above it on the stack. */
  help(id: number): void
}

let callback: number | undefined
let target: HelperTarget | undefined

/** Host address of `void callHelper(u32 helper)`. */
export function helperDispatcher(): number {
  callback ??= register()
  return callback
}

/** Sets who runs from now on. @returns who did, to be set again afterwards */
export function runAs(next: HelperTarget | undefined): HelperTarget | undefined {
  const before = target
  target = next
  return before
}

function register(): number {
  const koffi = loadKoffi()
  const type = koffi.pointer(koffi.proto('void', ['uint32_t']))
  return Number(koffi.register((helper: number) => target?.help(helper), type))
}
