import { expect, test } from 'vitest'
import { captures } from '../../../../fixtures/captures/captures.ts'
import { PcapWriter, readCapture, writeCapture } from '../../../packet/src/index.ts'
import { ClassicMachine, compileFilter, frameBuffer } from '../../src/index.ts'
import { EXPRESSIONS, filterCapture, tcpdumpMissing } from '../tcpdump.ts'
import { RandomExpressions } from './random-expressions.ts'
import { libpcapMissing, ourAnswer, tcpdumpAnswer } from './tcpdump-filter.ts'

/** A filter is a process. FILTERS=5000 asks about as many. */
const FILTERS = Number(process.env['FILTERS'] ?? (process.env['CI'] === undefined ? 200 : 1500))

// biome-ignore format: table
const SHARES: readonly (readonly [linkType: string, optimize: boolean, share: number])[] = [
  ['EN10MB',     true,  0.4],
  ['EN10MB',     false, 0.2],
  ['RAW',        true,  0.1],
  ['LINUX_SLL',  true,  0.1],
  ['LINUX_SLL2', true,  0.1],
  ['NULL',       true,  0.05],
  ['PPP',        true,  0.05],
]

test.for(SHARES)(
  'random filters for %s, optimized: %s, are what tcpdump makes of them',
  ([linkType, optimize, share], { skip }) => {
    const count = Math.ceil(FILTERS * share)
    if (libpcapMissing !== undefined) skip(`${count} filters: ${libpcapMissing}`)
    const random = new RandomExpressions(Number(process.env['SEED'] ?? 1))
    let programs = 0
    for (let index = 0; index < count; index++) {
      const filter = { linkType, optimize, expression: random.next() }
      const answer = tcpdumpAnswer(filter)
      expect(ourAnswer(filter), `${linkType} ${filter.expression}`).toBe(answer)
      if (!answer.startsWith('error')) programs++
    }
    expect(programs).toBeGreaterThan(count / 3)
  },
)

test('compiled filters accept the packets that tcpdump prints', ({ skip }) => {
  const records = [...captures().values()].flatMap((bytes) => [...readCapture(bytes)])
  if (tcpdumpMissing !== undefined) {
    skip(`${EXPRESSIONS.length} filters on ${records.length} packets: ${tcpdumpMissing}`)
  }
  const capture = writeCapture(new PcapWriter(), records)
  for (const expression of EXPRESSIONS) {
    const theirs = [...readCapture(filterCapture(capture, expression))]
    for (const optimize of [true, false]) {
      const machine = new ClassicMachine(compileFilter(expression, { optimize }))
      const ours = records.filter(({ data }) => machine.run(frameBuffer(data)).result > 0)
      expect([expression, ours.length]).toEqual([expression, theirs.length])
    }
  }
})
