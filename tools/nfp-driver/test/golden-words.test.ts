import { expect, it } from 'vitest'
import { GOLDEN_PROGRAMS } from '../../../packages/jit-nfp/test/golden-programs.ts'
import { openNfpDriver } from '../src/index.ts'
import { compare } from './compare-words.ts'

const driver = openNfpDriver()
const missing = 'reason' in driver ? driver.reason : undefined
if (missing !== undefined)
  console.log(`skipped: ${GOLDEN_PROGRAMS.length} golden programs against the driver: ${missing}`)

it.skipIf(missing !== undefined).each(GOLDEN_PROGRAMS)("$name: the golden words are the driver's", ({ program }) => {
  if ('reason' in driver) return
  for (const { ours, theirs } of compare(driver, [program])) expect(ours).toEqual(theirs)
})
