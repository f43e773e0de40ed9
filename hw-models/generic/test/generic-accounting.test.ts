import { test } from 'vitest'
import { checkAccounting } from '../../device/test/accounting.ts'
import { genericStage } from '../src/index.ts'

test('generic: every packet has one fate, on overflow, replacement and link loss too', () => {
  checkAccounting({ mode: 'generic', profile: 'dummy', stages: () => [genericStage] })
})
