import type { ByteOrder } from '@bpfoundry/isa'
import { CbpfError } from './cbpf-error.ts'
import { type ClassicInsn, requireFit } from './classic-insn.ts'

/** Bytes of struct sock_filter: u16 code, u8 jt, u8 jf, u32 k. */
export const CLASSIC_INSN_BYTES = 8

/**
 * A program from an array of struct sock_filter. Any bytes decode: what they are is `checkClassic`'s business.
 *
 * @param byteOrder of the machine that wrote it, as the struct has none of its own
 * @throws CbpfError CBPF_LENGTH
 */
export function decodeClassic(bytes: Uint8Array, byteOrder: ByteOrder = 'little'): ClassicInsn[] {
  const rest = bytes.byteLength % CLASSIC_INSN_BYTES
  if (rest !== 0) {
    throw new CbpfError({
      code: 'CBPF_LENGTH',
      message: 'the bytes are no whole number of instructions',
      where: { offsetBytes: bytes.byteLength - rest },
      got: `${bytes.byteLength} bytes`,
      expected: `a multiple of ${CLASSIC_INSN_BYTES}`,
    })
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.byteLength / CLASSIC_INSN_BYTES }, (_, pc) => decodeInsn(view, pc, byteOrder))
}

function decodeInsn(view: DataView, pc: number, byteOrder: ByteOrder): ClassicInsn {
  const at = pc * CLASSIC_INSN_BYTES
  const little = byteOrder === 'little'
  return {
    code: view.getUint16(at, little),
    jt: view.getUint8(at + 2),
    jf: view.getUint8(at + 3),
    k: view.getUint32(at + 4, little),
  }
}

/** The inverse of {@link decodeClassic}. @throws CbpfError CBPF_FIELD_RANGE */
export function encodeClassic(insns: readonly ClassicInsn[], byteOrder: ByteOrder = 'little'): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(insns.length * CLASSIC_INSN_BYTES)
  const view = new DataView(bytes.buffer)
  const little = byteOrder === 'little'
  insns.forEach((insn, pc) => {
    requireFit(insn, pc)
    const at = pc * CLASSIC_INSN_BYTES
    view.setUint16(at, insn.code, little)
    view.setUint8(at + 2, insn.jt)
    view.setUint8(at + 3, insn.jf)
    view.setUint32(at + 4, insn.k, little)
  })
  return bytes
}
