import { alu, gprA, gprB, loadImmediate, withEcc, xfer } from '@bpfoundry/microcode'
import { expect, test } from 'vitest'
import { ControlStore } from '../src/control-store.ts'

const WORDS = [...loadImmediate(gprA(1), 0x12345678), alu(gprA(2), gprA(1), '+', gprB(3))]

test('cores that load the same words share what they say, with or without check bits', () => {
  const [first, second] = [new ControlStore(4), new ControlStore(4)]
  first.load(0, WORDS)
  second.load(100, WORDS.map(withEcc))
  WORDS.forEach((_, index) => {
    expect(first.instructions[index]).toBeDefined()
    expect(second.instructions[100 + index]).toBe(first.instructions[index])
  })
})

test('a word says something else to a core with eight contexts, which numbers transfer registers otherwise', () => {
  const word = alu(gprA(0), xfer(40), '+', gprB(1))
  const [four, eight] = ([4, 8] as const).map((contexts) => {
    const store = new ControlStore(contexts)
    store.load(0, [word])
    return store.instructions[0]
  })
  expect(four).toMatchObject({ left: { kind: 'xfer', value: 40 } })
  expect(eight).toMatchObject({ left: { kind: 'xfer', value: 24 } })
})
