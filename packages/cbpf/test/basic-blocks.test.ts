import { expect, test } from 'vitest'
import { classicBlocks, compileFilter } from '../src/index.ts'

const NONE = { onTrue: undefined, onFalse: undefined, next: undefined }

test('blocks end where ways part, meet, or end', () => {
  // (000) ldh [12]; (001) jeq #0x800 jt 2 jf 5; (002) ldb [23]; (003) jeq #1 jt 5 jf 4; (004) ret #0; (005) ret #262144
  expect(classicBlocks(compileFilter('not ip or icmp'))).toEqual([
    { start: 0, end: 2, ...NONE, onTrue: 2, onFalse: 5 },
    { start: 2, end: 4, ...NONE, onTrue: 5, onFalse: 4 },
    { start: 4, end: 5, ...NONE },
    { start: 5, end: 6, ...NONE },
  ])
  expect(classicBlocks([])).toEqual([])
})

test('jumps back are followed, and far ones are blocks of their own', () => {
  const chain = classicBlocks(compileFilter('ip6 protochain 6'))
  expect(chain.find(({ start }) => start === 10)).toEqual({ start: 10, end: 19, ...NONE, next: 4 })
  const far = compileFilter(`ip and (${Array.from({ length: 20 }, (_, index) => `port ${index}`).join(' or ')})`, {
    optimize: false,
  })
  const jumps = classicBlocks(far).filter(
    ({ start, end, next }) => end === start + 1 && next !== undefined && next > end,
  )
  expect(jumps.length).toBeGreaterThan(0)
  for (const { next } of jumps) expect(next).toBeLessThan(far.length)
})
