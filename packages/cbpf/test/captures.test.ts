import { expect, test } from 'vitest'
import { captures } from '../../../fixtures/captures/captures.ts'
import { PcapWriter, readCapture, writeCapture } from '../../packet/src/index.ts'
import { ClassicMachine, frameBuffer, readDecimal } from '../src/index.ts'
import { compileFilter, EXPRESSIONS, filterCapture, tcpdumpMissing } from './tcpdump.ts'

/** All frames of the fixtures, in one capture. */
const records = [...captures().values()].flatMap((bytes) => [...readCapture(bytes)])

const hexOf = (packets: readonly { readonly data: Uint8Array }[]): string =>
  packets.map(({ data }) => Buffer.from(data).toString('hex')).join(' ')

test('filters accept the packets that tcpdump prints', ({ skip }) => {
  if (tcpdumpMissing !== undefined)
    skip(`${EXPRESSIONS.length} filters on ${records.length} packets: ${tcpdumpMissing}`)
  const capture = writeCapture(new PcapWriter(), records)
  let accepted = 0
  for (const expression of EXPRESSIONS) {
    const machine = new ClassicMachine(readDecimal(compileFilter('-ddd', expression)))
    const ours = records.filter(({ data }) => machine.run(frameBuffer(data)).result > 0)
    const theirs = [...readCapture(filterCapture(capture, expression))]
    expect(hexOf(ours) === hexOf(theirs), expression).toBe(true)
    accepted += ours.length
  }
  expect(accepted).toBeGreaterThan(records.length)
})
