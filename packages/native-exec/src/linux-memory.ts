/** Executable memory on Linux. @see mmap(2), mprotect(2) */
import type { PageSource } from './executable-memory.ts'
import { arm64Synchroniser } from './instruction-cache.ts'
import { posixMemory, sealThen } from './posix-memory.ts'

/** MAP_PRIVATE | MAP_ANONYMOUS. */
const MAP_FLAGS = 0x02 | 0x20

export function linuxMemory(): PageSource {
  const pages = posixMemory({
    library: 'libc.so.6',
    mapFlags: MAP_FLAGS,
    hint: 'SELinux (execmem), seccomp, a memory limit or vm.max_map_count may forbid it; the wasm engine needs none of this',
  })
  // x86-64 keeps its instruction caches coherent by itself (Intel SDM volume 3, 12.6).
  return process.arch === 'arm64' ? sealThen(pages, arm64Synchroniser(pages)) : pages
}
