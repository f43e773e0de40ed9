import type { NfpProgram } from '@bpfoundry/jit-nfp'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { openNfpDriver } from '../src/index.ts'
import { type Compared, type Counts, compare, countOf } from './compare-words.ts'
import { generatedPrograms } from './generated-programs.ts'

/** `PROGRAMS=100000` for the long form, other programs each time; the short form is always the same. */
const FULL = process.env['PROGRAMS']
const PROGRAMS = Number(FULL ?? 200)
const SEED = FULL === undefined ? 20_180_601 : Date.now() % 2 ** 31
/** Programs that go to the driver at once. */
const BATCH = 100

const driver = openNfpDriver()
const missing = 'reason' in driver ? driver.reason : undefined
if (missing !== undefined) console.log(`skipped: ${PROGRAMS} generated programs against the driver's words: ${missing}`)

function* batches(refused: boolean, count: number): Generator<NfpProgram[]> {
  for (let done = 0; done < count; done += BATCH) {
    const numRuns = Math.min(BATCH, count - done)
    yield fc.sample(generatedPrograms({ refused }), { numRuns, seed: SEED + done })
  }
}

const same = ({ ours, theirs }: Compared): boolean => JSON.stringify(ours) === JSON.stringify(theirs)

/** Shrinks a program that differs to a small one that does. */
function explain(refused: boolean, seed: number): void {
  if ('reason' in driver) return
  fc.assert(
    fc.property(generatedPrograms({ refused }), (program) => {
      for (const { ours, theirs } of compare(driver, [program])) expect(ours).toEqual(theirs)
    }),
    { seed, numRuns: BATCH },
  )
}

function run(refused: boolean, count: number): Counts {
  const total = { programs: 0, translated: 0, words: 0, differences: 0 }
  if ('reason' in driver) return total
  for (const programs of batches(refused, count)) {
    const compared = compare(driver, programs)
    if (!compared.every(same)) explain(refused, SEED + total.programs)
    const counts = countOf(compared)
    for (const name of ['programs', 'translated', 'words', 'differences'] as const) total[name] += counts[name]
  }
  return total
}

const report = (what: string, { programs, translated, words, differences }: Counts): void =>
  console.log(
    `${what} (seed ${SEED}): ${programs} programs compared, ${translated} translated, ${words} words compared, ${differences} differences`,
  )

it.skipIf(missing !== undefined)(
  "makes the driver's words, relocations and loadable words of generated programs",
  () => {
    const counts = run(false, PROGRAMS)
    report('generated', counts)
    expect(counts).toMatchObject({ programs: PROGRAMS, differences: 0 })
    expect(counts.translated).toBeGreaterThan(PROGRAMS / 2)
  },
  3_600_000,
)

it.skipIf(missing !== undefined)(
  'refuses what the driver refuses, and says what it says',
  () => {
    const count = Math.ceil(PROGRAMS / 4)
    const counts = run(true, count)
    report('partly refused', counts)
    expect(counts).toMatchObject({ programs: count, differences: 0 })
    expect(counts.translated).toBeLessThan(count)
  },
  3_600_000,
)
