import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { addressOf } from '../src/foreign-functions.ts'
import { adviseHugePages, HUGE_PAGE_BYTES } from '../src/index.ts'
import { needs } from './host.ts'

const MIB = 1 << 20
const memoryOf = (bytes: number): WebAssembly.Memory =>
  new WebAssembly.Memory({ initial: bytes / 65_536, maximum: 65_535, shared: true })
const baseOf = (memory: WebAssembly.Memory): number => addressOf(memory.buffer as unknown as SharedArrayBuffer)

/** `VmFlags` of the mapping at a host address: `hg` says that huge pages are wanted. @see proc_pid_smaps(5) */
function flagsAt(address: number): string[] {
  let inside = false
  for (const line of readFileSync('/proc/self/smaps', 'utf8').split('\n')) {
    const range = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line)
    if (range !== null) inside = Number.parseInt(range[1]!, 16) <= address && address < Number.parseInt(range[2]!, 16)
    else if (inside && line.startsWith('VmFlags:')) return line.split(' ')
  }
  return []
}

describe('huge pages', () => {
  needs('linux')

  it('are wanted for the stretch that was advised, in whole huge pages, and for no other', (context) => {
    if (readFileSync('/sys/kernel/mm/transparent_hugepage/enabled', 'utf8').includes('[never]')) {
      context.skip('transparent huge pages are off on this host')
    }
    const memory = memoryOf(32 * MIB)
    const advised = adviseHugePages(memory, 8 * MIB + 4096, 16 * MIB)
    expect(advised % HUGE_PAGE_BYTES).toBe(0)
    expect(advised).toBeGreaterThanOrEqual(12 * MIB)
    expect(advised).toBeLessThanOrEqual(16 * MIB)
    expect(flagsAt(baseOf(memory) + 16 * MIB)).toContain('hg')
    expect(flagsAt(baseOf(memory) + 4 * MIB)).not.toContain('hg')
    expect(flagsAt(baseOf(memory) + 28 * MIB)).not.toContain('hg')
  })

  it.each([
    ['shorter than a huge page', 65_536, 4096],
    ['of nothing', 65_536, 0],
    ['behind the end of memory', 64 * MIB, 16 * MIB],
  ])('are not advised for a stretch %s', (_, address, lengthBytes) => {
    expect(adviseHugePages(memoryOf(4 * MIB), address, lengthBytes)).toBe(0)
  })

  it('stop at the end of memory', () => {
    expect(adviseHugePages(memoryOf(8 * MIB), 0, 2 ** 32)).toBeLessThanOrEqual(8 * MIB)
  })
})
