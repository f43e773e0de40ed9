import { testBlindedCode } from '../../codegen/test/blinded-code.ts'
import { translateX86 } from '../src/index.ts'
import { imageOf, PROG_ARRAY } from './harness.ts'

testBlindedCode((insns) => translateX86(imageOf(insns), { progArray: PROG_ARRAY }).bytes)
