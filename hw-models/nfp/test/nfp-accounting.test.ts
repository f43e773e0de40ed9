import { test } from 'vitest'
import { checkAccounting } from '../../device/test/accounting.ts'
import { createNfpCores, nfpCard, nfpStage } from '../src/index.ts'

test('offload: every packet has one fate, on overflow, replacement and link loss too', () => {
  checkAccounting({
    mode: 'offload',
    profile: 'agilio-cx-2x10',
    stages: (memory) => [nfpStage(createNfpCores(memory, 'eno1', nfpCard('agilio-cx-2x10')))],
  })
})
