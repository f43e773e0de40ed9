/**
 * Memory that may execute, written before and never again: W^X. Each piece has pages of its own, since a page on which
 * one program runs can't be made writable for another.
 *
 * @see docs/decisions/0006-code-pages.md
 */
import { linuxMemory } from './linux-memory.ts'
import { macosMemory } from './macos-memory.ts'
import { NativeExecError } from './native-exec-error.ts'
import { windowsMemory } from './windows-memory.ts'

/** What an operating system does for {@link placeCode}. One file a platform. */
export interface PageSource {
  /** Fresh pages, readable and writable, not executable. @throws NativeExecError NATIVE_MAP */
  map(lengthBytes: number): number
  /** Copies into pages that are writable still. */
  write(address: number, bytes: Uint8Array): void
  /** Takes writing away, then gives execution, also to the instruction caches. @throws NativeExecError NATIVE_PROTECT */
  seal(address: number, lengthBytes: number): void
  /** Takes every access away. @throws NativeExecError NATIVE_PROTECT */
  fence(address: number, lengthBytes: number): void
  /** @throws NativeExecError NATIVE_UNMAP */
  unmap(address: number, lengthBytes: number): void
}

/** Machine code at a host address. Plain data: threads share the address space, so a worker may run it, too. */
export interface PlacedCode {
  readonly address: number
  /** Length of its pages. */
  readonly lengthBytes: number
}

const PLATFORMS: Readonly<Record<string, () => PageSource>> = {
  linux: linuxMemory,
  darwin: macosMemory,
  win32: windowsMemory,
}

/** Pages of x86-64, the smallest there are; larger ones are rounded up to by the operating system. */
export const CODE_PAGE_BYTES = 4096
/** Far above any program: 1 Mi instructions make about 5 MiB. */
export const MAX_CODE_BYTES: number = 256 << 20

/** What lies behind the code, so that a jump past its end stops at once: `int3`, or (as zeros) `udf #0` of arm64. */
const FILLER: Readonly<Record<string, number>> = { x64: 0xcc, arm64: 0 }

let source: PageSource | undefined

/** @throws NativeExecError NATIVE_PLATFORM, NATIVE_NO_KOFFI */
function pageSource(): PageSource {
  const make = PLATFORMS[process.platform]
  if (make === undefined) {
    throw new NativeExecError({
      code: 'NATIVE_PLATFORM',
      message: `no executable memory on ${process.platform}`,
      expected: Object.keys(PLATFORMS).join(', '),
      hint: 'the wasm engine runs anywhere',
    })
  }
  source ??= make()
  return source
}

/**
 * Copies machine code into fresh pages and makes them executable.
 *
 * @throws NativeExecError NATIVE_CODE_SIZE when empty or over {@link MAX_CODE_BYTES}; NATIVE_MAP, NATIVE_PROTECT when the
 *   operating system refuses; NATIVE_PLATFORM, NATIVE_NO_KOFFI
 */
export function placeCode(code: Uint8Array): PlacedCode {
  checkSize(code.length)
  const pages = pageSource()
  const lengthBytes = Math.ceil(code.length / CODE_PAGE_BYTES) * CODE_PAGE_BYTES
  const filled = new Uint8Array(lengthBytes).fill(FILLER[process.arch] ?? 0, code.length)
  filled.set(code)
  const address = pages.map(lengthBytes)
  try {
    pages.write(address, filled)
    pages.seal(address, lengthBytes)
  } catch (error) {
    pages.unmap(address, lengthBytes)
    throw error
  }
  return { address, lengthBytes }
}

/** Gives the pages back. Nothing may run on them, nor jump to them, any more. @throws NativeExecError NATIVE_UNMAP */
export function freeCode({ address, lengthBytes }: PlacedCode): void {
  pageSource().unmap(address, lengthBytes)
}

/** Larger than the largest pages: arm64 may have 64 KiB. */
const FENCE_BYTES = 65_536

/** A stack that grows down to pages that nobody may touch. */
export interface NativeStack {
  readonly address: number
  readonly lengthBytes: number
}

/** @throws NativeExecError as {@link placeCode} does */
export function allocateStack(sizeBytes: number): NativeStack {
  const pages = pageSource()
  const lengthBytes = sizeBytes + FENCE_BYTES
  const address = pages.map(lengthBytes)
  pages.fence(address, FENCE_BYTES)
  return { address, lengthBytes }
}

/** @throws NativeExecError NATIVE_UNMAP */
export function freeStack({ address, lengthBytes }: NativeStack): void {
  pageSource().unmap(address, lengthBytes)
}

function checkSize(lengthBytes: number): void {
  if (lengthBytes > 0 && lengthBytes <= MAX_CODE_BYTES) return
  throw new NativeExecError({
    code: 'NATIVE_CODE_SIZE',
    message: lengthBytes === 0 ? 'no machine code to place' : 'machine code is too long',
    got: `${lengthBytes} bytes`,
    expected: `1 to ${MAX_CODE_BYTES} bytes`,
  })
}
