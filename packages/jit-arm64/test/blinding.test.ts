import { testBlindedCode } from '../../codegen/test/blinded-code.ts'
import { translateArm64 } from '../src/index.ts'
import { imageOf, PROG_ARRAY } from './harness.ts'

/** Whether two instructions, one behind the other, have the number's halves as 16-bit immediates: movz and movk. */
function makes(code: Uint8Array, value: number): boolean {
  const view = new DataView(code.buffer, code.byteOffset, code.length)
  const imm16 = Array.from({ length: code.length >>> 2 }, (_, n) => (view.getUint32(4 * n, true) >>> 5) & 0xffff)
  return imm16.some((half, n) => half === (value & 0xffff) && imm16[n + 1] === value >>> 16)
}

testBlindedCode((insns) => translateArm64(imageOf(insns), { progArray: PROG_ARRAY }).bytes, makes)
