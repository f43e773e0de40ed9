import { expect, test } from 'vitest'
import { SK_BUFF_BYTES, SK_BUFF_ROWS } from '../src/context-rows.ts'
import { MAX_HELPER_ID, PACKET_LOAD_HELPERS, SK_BUFF } from '../src/index.ts'

const underscored = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

test('offsets are those of the rules of access; what programs must not see lies behind', () => {
  const rows = new Map(SK_BUFF_ROWS.map(([name, offsetBytes]) => [name, offsetBytes]))
  expect(SK_BUFF.sizeBytes).toBe(SK_BUFF_BYTES)
  const { sizeBytes, guestBytes, ...fields } = SK_BUFF
  const known = Object.entries(fields).filter(([, offsetBytes]) => offsetBytes < sizeBytes)
  expect(known.length).toBeGreaterThan(20)
  for (const [name, offsetBytes] of known) expect(rows.get(underscored(name)), name).toBe(offsetBytes)
  const hidden = Object.values(fields).filter((offsetBytes) => offsetBytes >= sizeBytes)
  expect(new Set(hidden).size).toBe(hidden.length)
  for (const offsetBytes of hidden) expect(offsetBytes).toBeLessThanOrEqual(guestBytes - 4)
})

test('no program can name the helpers of packet loads', () => {
  expect(Math.min(...Object.values(PACKET_LOAD_HELPERS))).toBeGreaterThan(MAX_HELPER_ID)
})
