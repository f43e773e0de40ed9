import { testKernelVectors } from '../../interpreter/test/kernel-vectors/vector-suite.ts'
import { createWasmEngine } from '../src/index.ts'
import { PROG_ARRAY } from './twins.ts'

testKernelVectors({ engines: { wasm: () => createWasmEngine({ progArray: PROG_ARRAY }) }, progArray: PROG_ARRAY })
