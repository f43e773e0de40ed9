import { test } from 'vitest'
import { checkAccounting } from '../../device/test/accounting.ts'
import { nativeStage } from '../src/index.ts'

test('native: every packet has one fate, on overflow, replacement and link loss too', () => {
  checkAccounting({ mode: 'native', profile: 'mlx5', stages: () => [nativeStage] })
})

test('native: a driver that collects what it sends, by rings that CPUs share', () => {
  checkAccounting({ mode: 'native', profile: 'veth', stages: () => [nativeStage] }, 80)
})

test('native: a driver that knows no redirect accounts for it too', () => {
  checkAccounting({ mode: 'native', profile: 'nfp', stages: () => [nativeStage] }, 50)
})
