/** Plain memory, as an argument of the kernel's functions. */
import { BTF_KIND, type BtfParameter } from '@bpfoundry/btf'
import { isConstantScalar } from '../domain/scalar.ts'
import { toUnsignedNumber } from '../domain/word64.ts'
import { isMarked } from '../kernel-types/kernel-function.ts'
import { type KernelTypes, kindText } from '../kernel-types/kernel-types.ts'
import { isNumber, isScalarStruct } from '../kernel-types/scalar-struct.ts'
import { Refusal, unsupported } from '../report/refusal.ts'
import { isNull } from '../state/register-state.ts'
import { mayBeNull, SCALAR } from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import { newCallNotes } from './call-notes.ts'
import { checkMemorySize } from './helper-memory.ts'
import type { Argument, KernelCallNotes } from './kernel-arguments.ts'

const CODE = 'VERIFIER_KERNEL_ARGUMENT'

/** Refuses what can't be plain memory. True where the next parameter is its size. */
export function checkMemoryKind(v: Verification, { fn, index, target }: Argument): boolean {
  const { btf } = v.kernel as KernelTypes
  const next = fn.prototype.parameters[index + 1]
  const isSized =
    next !== undefined &&
    isNumber(btf.resolve(next.typeId)) &&
    v.register(index + 2).type === SCALAR &&
    (isMarked(next, '__sz') || isMarked(next, '__szk'))
  const tooDeep = (): void => v.log.print('max struct nesting depth exceeded\n')
  const isMemory =
    isNumber(target) || isScalarStruct(btf, target, tooDeep) || (isSized && target.kind === BTF_KIND.VOID)
  if (!isMemory) {
    const what = `${kindText(target)} ${target.kind === BTF_KIND.VOID ? '' : target.name}`
    const wanted = `${isSized ? 'void, ' : ''}scalar, or struct with scalar`
    v.refuse(CODE, 'EINVAL', `arg#${index} pointer type ${what} must point to ${wanted}`)
  }
  return isSized
}

export function memoryBytes(v: Verification, { index, target }: Argument): number {
  const sizeBytes = (v.kernel as KernelTypes).btf.sizeOf(target.id)
  if (sizeBytes !== undefined) return sizeBytes
  const what = `'${kindText(target)} ${target.name}'`
  return v.refuse(CODE, 'EINVAL', `arg#${index} reference type(${what}) size cannot be determined: -22`)
}

/** The function may read and write all of it. */
export function takeSizedMemory(v: Verification, argument: Argument, notes: KernelCallNotes): void {
  const { fn, index, number, parameter, register } = argument
  const sizeNumber = number + 1
  const size = fn.prototype.parameters[index + 1] as BtfParameter
  if (!(isNull(register) && isMarked(parameter, '__opt'))) checkSized(v, number, index)
  if (!isMarked(size, '__szk')) return
  const { scalar } = v.register(sizeNumber)
  if (!isConstantScalar(scalar)) v.refuse(CODE, 'EINVAL', `R${sizeNumber} must be a known constant`)
  notes.constant = toUnsignedNumber(scalar.tnum.value)
}

/** @see check_kfunc_mem_size_reg */
function checkSized(v: Verification, number: number, index: number): void {
  const register = v.register(number)
  if (mayBeNull(register.type)) throw v.noted(unsupported('memory that may be absent, handed to a kernel function, is'))
  try {
    for (const writes of [false, true]) checkMemorySize(v, number + 1, writes, true, false, newCallNotes())
  } catch (error) {
    if (!(error instanceof Refusal) || error.code === 'VERIFIER_UNSUPPORTED') throw error
    const message = `arg#${index} arg#${index + 1} memory, len pair leads to invalid memory access`
    v.log.print(`${message}\n`)
    throw Object.assign(new Refusal({ code: CODE, errno: 'EINVAL', message }, v.pc), { errno: error.errno })
  }
}
