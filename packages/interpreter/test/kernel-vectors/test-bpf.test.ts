import { createInterpreter } from '../../src/index.ts'
import { testKernelVectors } from './vector-suite.ts'

testKernelVectors({
  engines: { interpreter: () => createInterpreter({ fuel: 50_000_000 }) },
  progArray: { maxEntriesOffsetBytes: 16, slotsOffsetBytes: 64 },
})
