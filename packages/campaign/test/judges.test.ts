import { readVector } from '@bpfoundry/conformance'
import { afterAll, expect, it } from 'vitest'
import { Judges } from '../src/judge/judges.ts'

const judges = new Judges()
afterAll(() => judges.close())

/** `*(u32 *)(r1 + 8) = 1; r0 = 0; exit`: constants go to the context since 6.3. */
const insns = ['6201080001000000', 'b700000000000000', '9500000000000000'].join('')
const text = JSON.stringify({ id: 'mark', prog_type: 'sched_cls', insns })
const vector = readVector({ file: 'mark.jsonl', line: 1, text })

it.each([
  [undefined, true],
  ['6.1', false],
  ['6.6', true],
])('an engine judges by the rules of the release that it is asked for: %s', async (profile, accepted) => {
  const questioning = { engines: ['interpreter'], timeLimitMs: 10_000, ...(profile === undefined ? {} : { profile }) }
  const judge = await judges.byName('interpreter', questioning)
  expect(await judge.answer({ kind: 'vector', vector })).toMatchObject({ load_ok: accepted })
})
