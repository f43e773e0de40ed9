/** Reads of the context: what the card keeps in registers. */
import { accessBytes } from '@bpfoundry/isa'
import { ERRNO, PROG_TYPE, XDP_MD } from '@bpfoundry/kernel-abi'
import { gprBoth, type Operand } from '@bpfoundry/microcode'
import type { Emission } from '../emit/emission.ts'
import { high, low, PACKET_LENGTH, PACKET_POINTER } from '../emit/registers.ts'
import type { Lower } from './lowering.ts'

type Read = (emit: Emission, dst: Operand) => void

const length: Read = (emit, dst) => emit.move(dst, PACKET_LENGTH)
const data: Read = (emit, dst) => emit.move(dst, PACKET_POINTER)
const dataEnd: Read = (emit, dst) => emit.alu(dst, PACKET_LENGTH, '+', PACKET_POINTER)

const FIELD_BYTES = 4

/** struct __sk_buff. @see include/uapi/linux/bpf.h */
const SK_BUFF = { len: 0, data: 76, dataEnd: 80 }

/** Readable fields by offset, by program type. */
const FIELDS: ReadonlyMap<number, ReadonlyMap<number, Read>> = new Map([
  [
    PROG_TYPE.XDP,
    new Map([
      [XDP_MD.data, data],
      [XDP_MD.dataEnd, dataEnd],
    ]),
  ],
  [
    PROG_TYPE.SCHED_CLS,
    new Map([
      [SK_BUFF.len, length],
      [SK_BUFF.data, data],
      [SK_BUFF.dataEnd, dataEnd],
    ]),
  ],
])

export const loadContext: Lower = ({ emit, program }, { opcode, dst, off }) => {
  const read = accessBytes(opcode) === FIELD_BYTES ? FIELDS.get(program.type)?.get(off) : undefined
  if (read === undefined) {
    emit.refuse(ERRNO.EOPNOTSUPP)
    return
  }
  read(emit, gprBoth(low(dst)))
  emit.load(gprBoth(high(dst)), 0)
}
