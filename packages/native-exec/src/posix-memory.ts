/** mmap(2), mprotect(2), munmap(2): the same calls on Linux and macOS, with a few different numbers. */
import type { PageSource } from './executable-memory.ts'
import { type Koffi, lastErrno, loadKoffi } from './foreign-functions.ts'
import { NativeExecError, type NativeExecErrorCode } from './native-exec-error.ts'

/** What differs between systems. */
export interface PosixFacts {
  readonly library: string
  /** MAP_PRIVATE | MAP_ANONYMOUS in sys/mman.h. */
  readonly mapFlags: number
  /** What to do where the system refuses executable pages. */
  readonly hint: string
}

const PROT_NONE = 0
const PROT_READ = 1
const PROT_WRITE = 2
const PROT_EXEC = 4
const MAP_FAILED = -1

export function posixMemory(facts: PosixFacts): PageSource {
  const koffi = loadKoffi()
  const libc = koffi.load(facts.library)
  const mmap = libc.func('mmap', 'intptr_t', ['intptr_t', 'size_t', 'int', 'int', 'int', 'int64_t'])
  const mprotect = libc.func('mprotect', 'int', ['intptr_t', 'size_t', 'int'])
  const munmap = libc.func('munmap', 'int', ['intptr_t', 'size_t'])
  const memcpy = libc.func('memcpy', 'intptr_t', ['intptr_t', 'const uint8_t *', 'size_t'])
  const check = (result: number, code: NativeExecErrorCode, call: string, lengthBytes: number): void => {
    if (result === MAP_FAILED) throw refused(koffi, code, `${call} of ${lengthBytes} bytes failed`, facts.hint)
  }
  return {
    map(lengthBytes) {
      const address = Number(mmap(0, lengthBytes, PROT_READ | PROT_WRITE, facts.mapFlags, -1, 0))
      check(address, 'NATIVE_MAP', 'mmap', lengthBytes)
      return address
    },
    write(address, bytes) {
      memcpy(address, bytes, bytes.length)
    },
    seal(address, lengthBytes) {
      check(mprotect(address, lengthBytes, PROT_READ | PROT_EXEC), 'NATIVE_PROTECT', 'mprotect', lengthBytes)
    },
    fence(address, lengthBytes) {
      check(mprotect(address, lengthBytes, PROT_NONE), 'NATIVE_PROTECT', 'mprotect', lengthBytes)
    },
    unmap(address, lengthBytes) {
      check(munmap(address, lengthBytes), 'NATIVE_UNMAP', 'munmap', lengthBytes)
    },
  }
}

/** The same pages, with something to do for the instruction caches once they are executable. */
export function sealThen(pages: PageSource, synchronise: (address: number, lengthBytes: number) => void): PageSource {
  return {
    ...pages,
    seal(address, lengthBytes) {
      pages.seal(address, lengthBytes)
      synchronise(address, lengthBytes)
    },
  }
}

function refused(koffi: Koffi, code: NativeExecErrorCode, message: string, hint: string): NativeExecError {
  const errno = lastErrno(koffi)
  return new NativeExecError({ code, message: `${message}: ${errno}`, errno, hint })
}
