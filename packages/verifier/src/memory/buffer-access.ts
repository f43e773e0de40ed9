/**
 * Memory of the kernel whose size is not told by its type: what a tracepoint lets programs write, and what an iterator
 * hands them. How much there is shows when the program is attached; here only that the place is known.
 *
 * @see __check_buffer_access in kernel/bpf/verifier.c
 */
import { isConstantZero } from '../domain/scalar.ts'
import { tnumText } from '../report/state-text.ts'
import { UNKNOWN_SCALAR } from '../state/register-state.ts'
import { MEM_RDONLY, typeName } from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import { type Access, loaded } from './access.ts'

const CODE = 'VERIFIER_BUFFER_ACCESS'

/** Refuses a place that is not known, or lies before the buffer. `kind` is the buffer's name in messages. */
function checkPlace(v: Verification, number: number, offset: number, sizeBytes: number, kind: string): void {
  const { scalar } = v.register(number)
  if (offset < 0) {
    v.refuse(CODE, 'EACCES', `R${number} invalid ${kind} buffer access: off=${offset}, size=${sizeBytes}`)
  }
  if (isConstantZero(scalar)) return
  const where = `off=${offset}, var_off=${tnumText(scalar.tnum)}`
  v.refuse(CODE, 'EACCES', `R${number} invalid variable buffer offset: ${where}`)
}

function take(v: Verification, { isWrite, valueNumber, sizeBytes, signExtends }: Access): void {
  if (!isWrite && valueNumber >= 0) v.write(valueNumber, loaded(UNKNOWN_SCALAR, sizeBytes, signExtends))
}

/** What a tracepoint lets programs write. */
export function accessTracepointBuffer(v: Verification, access: Access): void {
  checkPlace(v, access.pointerNumber, access.offset, access.sizeBytes, 'tracepoint')
  take(v, access)
}

/** What an iterator hands its program: a key or a value. */
export function accessBuffer(v: Verification, access: Access): void {
  const { pointerNumber, offset, sizeBytes, isWrite } = access
  checkBuffer(v, pointerNumber, offset, sizeBytes, isWrite)
  take(v, access)
}

/** The same of what a helper reads or writes. */
export function checkBuffer(v: Verification, number: number, offset: number, sizeBytes: number, writes: boolean): void {
  const { type } = v.register(number)
  const isReadOnly = (type & MEM_RDONLY) !== 0
  if (writes && isReadOnly) v.refuse(CODE, 'EACCES', `R${number} cannot write into ${typeName(type)}`)
  checkPlace(v, number, offset, sizeBytes, isReadOnly ? 'rdonly' : 'rdwr')
}

/** Bytes of what a flow dissector fills. @see struct bpf_flow_keys in include/uapi/linux/bpf.h */
const FLOW_KEYS_BYTES = 56

/** What a flow dissector fills. @see check_flow_keys_access in kernel/bpf/verifier.c */
export function accessFlowKeys(v: Verification, access: Access): void {
  const { offset, sizeBytes, isWrite, valueNumber } = access
  if (isWrite && valueNumber >= 0 && v.leaks(valueNumber)) {
    v.refuse('VERIFIER_LEAK', 'EACCES', `R${valueNumber} leaks addr into flow keys`)
  }
  if (offset < 0 || offset + sizeBytes > FLOW_KEYS_BYTES) {
    v.refuse(CODE, 'EACCES', `invalid access to flow keys off=${offset} size=${sizeBytes}`)
  }
  take(v, access)
}
