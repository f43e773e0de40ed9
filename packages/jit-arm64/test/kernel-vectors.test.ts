import { testKernelVectors } from '../../interpreter/test/kernel-vectors/vector-suite.ts'
import { ARM64, CANNOT_RUN, PROG_ARRAY, WITHOUT_LSE } from './harness.ts'

testKernelVectors({
  engines: { 'with every feature': () => ARM64, 'without FEAT_LSE': () => WITHOUT_LSE },
  progArray: PROG_ARRAY,
  missing: CANNOT_RUN,
})
