import { testKernelVectors } from '../../interpreter/test/kernel-vectors/vector-suite.ts'
import { CANNOT_RUN, hostFeatures, PROG_ARRAY, x86Engine } from './harness.ts'

// With and without what the host's CPU has beyond the baseline, and with the passes of codegen.
testKernelVectors({
  engines: {
    'with all that this CPU has': () => x86Engine(hostFeatures()),
    'x86-64-v1': () => x86Engine({}),
    'after the shared passes': () => x86Engine(hostFeatures(), { optimise: true }),
  },
  progArray: PROG_ARRAY,
  missing: CANNOT_RUN,
})
