/**
 * Executable memory on macOS. Not MAP_JIT: its pages are writable or executable by thread, and while this thread could
 * write (pthread_jit_write_protect_np(0)), V8's own compiled code, which lies in MAP_JIT pages too and called us, could not
 * run on. So pages go from writable to executable by mprotect, as on Linux; node's binary has the entitlement for that
 * (com.apple.security.cs.allow-unsigned-executable-memory).
 */
import type { PageSource } from './executable-memory.ts'
import { loadKoffi } from './foreign-functions.ts'
import { posixMemory, sealThen } from './posix-memory.ts'

/** MAP_PRIVATE | MAP_ANON. */
const MAP_FLAGS = 0x0002 | 0x1000
const LIBRARY = '/usr/lib/libSystem.B.dylib'

export function macosMemory(): PageSource {
  const invalidate = loadKoffi().load(LIBRARY).func('sys_icache_invalidate', 'void', ['intptr_t', 'size_t'])
  const pages = posixMemory({
    library: LIBRARY,
    mapFlags: MAP_FLAGS,
    hint: 'node must be signed with com.apple.security.cs.allow-unsigned-executable-memory, as its official build is',
  })
  return sealThen(pages, (address, lengthBytes) => {
    invalidate(address, lengthBytes)
  })
}
