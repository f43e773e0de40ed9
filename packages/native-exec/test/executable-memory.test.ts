import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type X86Feature, x86Features } from '../src/cpu-features.ts'
import { CODE_PAGE_BYTES, freeCode, MAX_CODE_BYTES, placeCode } from '../src/executable-memory.ts'
import { functionAt } from '../src/foreign-functions.ts'
import { linuxMemory } from '../src/linux-memory.ts'
import { NativeExecError } from '../src/native-exec-error.ts'
import { needs } from './host.ts'
import { answering } from './machine-code.ts'
import { mappingOf, protectionOf } from './memory-map.ts'

const run = (address: number): number => functionAt(address, 'uint32_t', [])()

describe('placed code', () => {
  it('runs', () => {
    const code = placeCode(answering(0xdead))
    expect(run(code.address)).toBe(0xdead)
    freeCode(code)
  })

  it('has whole pages of its own', () => {
    const first = placeCode(answering(1))
    const second = placeCode(answering(2))
    expect(first.lengthBytes).toBe(CODE_PAGE_BYTES)
    expect(first.address % CODE_PAGE_BYTES).toBe(0)
    expect(Math.abs(first.address - second.address)).toBeGreaterThanOrEqual(CODE_PAGE_BYTES)
    freeCode(first)
    expect(run(second.address)).toBe(2)
    freeCode(second)
  })

  it('may be of any length up to the bound, the last byte included', () => {
    for (const lengthBytes of [CODE_PAGE_BYTES - 1, CODE_PAGE_BYTES, CODE_PAGE_BYTES + 1, 1 << 20]) {
      const bytes = new Uint8Array(lengthBytes).fill(0xcc)
      const last = answering(lengthBytes)
      bytes.set(last, lengthBytes - last.length)
      const code = placeCode(bytes)
      expect(run(code.address + lengthBytes - last.length)).toBe(lengthBytes)
      freeCode(code)
    }
  })

  it.each([
    ['empty', 0],
    ['a byte over the bound', MAX_CODE_BYTES + 1],
  ])('is refused when %s', (_, lengthBytes) => {
    const bytes = { length: lengthBytes } as Uint8Array
    expect(() => placeCode(bytes)).toThrow(expect.objectContaining({ code: 'NATIVE_CODE_SIZE' }))
    expect(() => placeCode(bytes)).toThrow(NativeExecError)
  })
})

describe('what the system refuses', () => {
  needs('linux')
  const pages = linuxMemory()

  it.each([
    ['more than there is', 'NATIVE_MAP', 'ENOMEM', () => pages.map(2 ** 50)],
    ['to protect what is no page', 'NATIVE_PROTECT', 'EINVAL', () => pages.seal(4097, CODE_PAGE_BYTES)],
    ['to protect what is not mapped', 'NATIVE_PROTECT', 'ENOMEM', () => pages.fence(CODE_PAGE_BYTES, CODE_PAGE_BYTES)],
    ['to unmap what is no page', 'NATIVE_UNMAP', 'EINVAL', () => pages.unmap(4097, CODE_PAGE_BYTES)],
  ] as const)('is an error with its errno: %s', (_, code, errno, call) => {
    expect(call).toThrow(NativeExecError)
    expect(call).toThrow(expect.objectContaining({ code, errno }))
  })
})

describe('W^X, by /proc/self/maps', () => {
  needs('linux')

  it('is r-x while code is mapped, and nothing of ours is writable and executable', () => {
    const codes = [answering(1), new Uint8Array(3 * CODE_PAGE_BYTES).fill(0xcc)].map((bytes) => placeCode(bytes))
    for (const { address, lengthBytes } of codes) {
      expect(protectionOf(address)).toBe('r-xp')
      expect(protectionOf(address + lengthBytes - 1)).toBe('r-xp')
    }
    for (const code of codes) freeCode(code)
  })

  it('has no mapping any more once freed', () => {
    const code = placeCode(new Uint8Array(5 * CODE_PAGE_BYTES).fill(0xcc))
    freeCode(code)
    expect(mappingOf(code.address)?.protection ?? 'none').not.toContain('x')
  })

  it('holds for each of many pieces, which are all given back', () => {
    const executable = (): number =>
      readFileSync('/proc/self/maps', 'utf8').match(/ r-xp 00000000 00:00 0 *$/gm)?.length ?? 0
    const before = executable()
    const codes = Array.from({ length: 2000 }, (_, index) => placeCode(answering(index)))
    expect(codes.every(({ address }, index) => run(address) === index)).toBe(true)
    for (const code of codes) freeCode(code)
    expect(executable()).toBeLessThanOrEqual(before)
  })
})

describe('CPU features', () => {
  needs('linux')
  needs('System V x86-64')

  it('are those of /proc/cpuinfo', () => {
    const flags = (/^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '').split(' ')
    const names: Readonly<Record<X86Feature, string>> = {
      bmi1: 'bmi1',
      bmi2: 'bmi2',
      lzcnt: 'abm',
      movbe: 'movbe',
      popcnt: 'popcnt',
    }
    for (const [feature, flag] of Object.entries(names)) {
      expect([feature, x86Features().has(feature as X86Feature)]).toEqual([feature, flags.includes(flag)])
    }
  })
})
