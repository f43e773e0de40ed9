import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** How one series of commands is answered: a text a command. */
export interface Answers {
  /** By the model. */
  modelled(seed: number): string[]
  /** By the running kernel; undefined where it can't be asked. */
  running(seed: number): string[] | undefined
}

/** Series that are asked for: of the running kernel, as many as SERIES says. */
const ASKED = process.env['SERIES']
const SEPARATOR = '\n@@\n'

const seedsUpTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

/**
 * Compares a model with what a kernel of 6.18 and its tools said when they were asked, which a file keeps (BLESS=1 rewrites
 * it with what the model says, once it was compared). With SERIES=n the running kernel is asked instead, as root, in a network
 * namespace of its own: no interface of the machine is touched, but programs and filters are attached, hence only on demand.
 *
 * @param kept file of the kept answers
 * @param series how many are kept
 */
export function holdToAnswers(title: string, kept: URL, series: number, answers: Answers): void {
  if (ASKED === undefined) {
    test(`${title}, as the kernel said when it was asked`, () => {
      const now = seedsUpTo(series).flatMap((seed) => answers.modelled(seed))
      if (process.env['BLESS'] === '1') writeFileSync(kept, `${now.join(SEPARATOR)}\n`)
      expect(now).toEqual(readFileSync(kept, 'utf8').replace(/\n$/, '').split(SEPARATOR))
    })
    return
  }
  const said = new Map(seedsUpTo(Number(ASKED)).map((seed) => [seed, answers.running(seed)]))
  const missing = [...said.values()].filter((one) => one === undefined).length
  if (missing > 0)
    console.log(`skipped: ${missing} series of commands: no network namespace, or no tool, on this machine`)
  test.skipIf(missing > 0)(`${title}, as the running kernel says`, () => {
    for (const [seed, lines] of said) expect(answers.modelled(seed), `seed ${seed}`).toEqual(lines)
  })
}
