/** Executable memory on Windows. @see VirtualAlloc, VirtualProtect, FlushInstructionCache in memoryapi.h */
import type { PageSource } from './executable-memory.ts'
import { loadKoffi } from './foreign-functions.ts'
import { NativeExecError, type NativeExecErrorCode } from './native-exec-error.ts'

const MEM_COMMIT_RESERVE = 0x1000 | 0x2000
const MEM_RELEASE = 0x8000
const PAGE_NOACCESS = 0x01
const PAGE_READWRITE = 0x04
const PAGE_EXECUTE_READ = 0x20

export function windowsMemory(): PageSource {
  const kernel32 = loadKoffi().load('kernel32.dll')
  const virtualAlloc = kernel32.func('VirtualAlloc', 'intptr_t', ['intptr_t', 'size_t', 'uint32_t', 'uint32_t'])
  const virtualProtect = kernel32.func('VirtualProtect', 'int', ['intptr_t', 'size_t', 'uint32_t', 'uint32_t *'])
  const virtualFree = kernel32.func('VirtualFree', 'int', ['intptr_t', 'size_t', 'uint32_t'])
  const moveMemory = kernel32.func('RtlMoveMemory', 'void', ['intptr_t', 'const uint8_t *', 'size_t'])
  const flush = kernel32.func('FlushInstructionCache', 'int', ['intptr_t', 'intptr_t', 'size_t'])
  const currentProcess = kernel32.func('GetCurrentProcess', 'intptr_t', [])
  const lastError = kernel32.func('GetLastError', 'uint32_t', [])
  const check = (result: number, code: NativeExecErrorCode, call: string): void => {
    if (result === 0) throw refused(code, call, lastError() as number)
  }
  const protect = (address: number, lengthBytes: number, protection: number): void => {
    const before = new Uint32Array(1)
    check(virtualProtect(address, lengthBytes, protection, before), 'NATIVE_PROTECT', 'VirtualProtect')
  }
  return {
    map(lengthBytes) {
      const address = Number(virtualAlloc(0, lengthBytes, MEM_COMMIT_RESERVE, PAGE_READWRITE))
      check(address, 'NATIVE_MAP', 'VirtualAlloc')
      return address
    },
    write(address, bytes) {
      moveMemory(address, bytes, bytes.length)
    },
    seal(address, lengthBytes) {
      protect(address, lengthBytes, PAGE_EXECUTE_READ)
      check(flush(currentProcess(), address, lengthBytes), 'NATIVE_PROTECT', 'FlushInstructionCache')
    },
    fence(address, lengthBytes) {
      protect(address, lengthBytes, PAGE_NOACCESS)
    },
    unmap(address) {
      check(virtualFree(address, 0, MEM_RELEASE), 'NATIVE_UNMAP', 'VirtualFree')
    },
  }
}

function refused(code: NativeExecErrorCode, call: string, error: number): NativeExecError {
  return new NativeExecError({
    code,
    message: `${call} failed: error ${error}`,
    errno: String(error),
    hint: 'a mitigation policy (arbitrary code guard) may forbid it; the wasm engine needs none of this',
  })
}
