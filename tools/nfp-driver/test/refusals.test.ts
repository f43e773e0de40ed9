import { expect, it } from 'vitest'
import { REFUSED_PROGRAMS } from '../../../packages/jit-nfp/test/refused-programs.ts'
import { openNfpDriver } from '../src/index.ts'
import { compare } from './compare-words.ts'

const driver = openNfpDriver()
const missing = 'reason' in driver ? driver.reason : undefined
if (missing !== undefined) console.log(`skipped: ${REFUSED_PROGRAMS.length} refusals against the driver: ${missing}`)

it.skipIf(missing !== undefined).each(REFUSED_PROGRAMS)(
  'the driver refuses $name, in the same words',
  ({ program }) => {
    if ('reason' in driver) return
    for (const { ours, theirs } of compare(driver, [program])) {
      expect(theirs.log).toBeDefined()
      expect(ours).toEqual(theirs)
    }
  },
)
