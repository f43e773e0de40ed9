/** Pointers to structures of the kernel, as arguments of its functions. */
import { type CallableFunction, hasTrait } from '../kernel-types/kernel-function.ts'
import { isComposite, type KernelStruct, type KernelTypes, kindText } from '../kernel-types/kernel-types.ts'
import { structsMatch } from '../kernel-types/struct-match.ts'
import { isRcuPointer, isTrustedPointer } from '../kernel-types/trust.ts'
import { checkUnmodified } from '../memory/context-access.ts'
import { unsupported } from '../report/refusal.ts'
import type { RegisterState } from '../state/register-state.ts'
import {
  baseType,
  CONST_PTR_TO_MAP,
  MEM_ALLOC,
  MEM_RCU,
  PTR_TO_BTF_ID,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_TCP_SOCK,
  PTR_TRUSTED,
  typeName,
} from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import { mayHaveFixedOffset, mayHaveOffset } from './argument-types.ts'
import type { Argument } from './kernel-arguments.ts'

const CODE = 'VERIFIER_KERNEL_ARGUMENT'

// biome-ignore format: table
const STRUCT_NAMES: ReadonlyMap<number, string> = new Map([
  [PTR_TO_SOCKET,      'sock'],
  [PTR_TO_SOCK_COMMON, 'sock_common'],
  [PTR_TO_TCP_SOCK,    'tcp_sock'],
  [CONST_PTR_TO_MAP,   'bpf_map'],
])

/** The kernel's structure behind a register. */
export function structOf(v: Verification, { type, struct }: RegisterState): KernelStruct | undefined {
  if (baseType(type) === PTR_TO_BTF_ID) return struct
  const name = STRUCT_NAMES.get(baseType(type))
  if (name === undefined) return undefined
  const found = v.kernel?.named(name)
  if (found === undefined) throw v.noted(unsupported(`a kernel without struct ${name} is`))
  return found
}

export function checkStructKind(v: Verification, { fn, index, target }: Argument): void {
  if (isComposite(target)) return
  const what = `${kindText(target)} ${target.name}`
  v.refuse(CODE, 'EINVAL', `kernel function ${fn.name} args#${index} pointer type ${what} is not supported`)
}

export function checkValid(v: Verification, fn: CallableFunction, number: number, register: RegisterState): void {
  if (isTrustedPointer(register)) return
  if (!hasTrait(fn, 'rcu')) v.refuse(CODE, 'EINVAL', `R${number} must be referenced or trusted`)
  if (!isRcuPointer(register)) v.refuse(CODE, 'EINVAL', `R${number} must be a rcu pointer`)
}

/** @see check_func_arg_reg_off */
export function checkOffset(v: Verification, number: number, register: RegisterState, isReleased: boolean): void {
  if (isReleased) {
    if (register.offset !== 0) {
      const message = `R${number} must have zero offset when passed to release func or trusted arg to kfunc`
      v.refuse(CODE, 'EINVAL', message)
    }
    checkUnmodified(v, number, false)
  } else if (!mayHaveOffset(register)) {
    checkUnmodified(v, number, mayHaveFixedOffset(register))
  }
}

/** Modifiers of a pointer that is as good as an unmodified one. */
export const HARMLESS: number = PTR_TRUSTED | MEM_ALLOC

export function checkStruct(v: Verification, argument: Argument, given: KernelStruct): void {
  const { fn, index, number, register, target } = argument
  const { type } = register
  const isUnsafe = (type & ~0xff & ~HARMLESS) !== 0 && (type & MEM_RCU) === 0
  if (baseType(type) === PTR_TO_BTF_ID && isUnsafe) {
    const expected = typeName(PTR_TO_BTF_ID | (type & HARMLESS))
    v.refuse(CODE, 'EINVAL', `arg#${index} is ${typeName(type)} expected ${expected} or socket`)
  }
  const kernel = v.kernel as KernelTypes
  const wanted = kernel.struct(target.id)
  const isStrict = (hasTrait(fn, 'release') && register.referenceId !== 0) || isNoCast(given.name, wanted.name)
  if (isProjection(wanted.name, given.name)) return
  if (structsMatch(kernel.btf, given, register.offset, wanted, isStrict)) return
  const expected = `expected pointer to ${kindText(target)} ${wanted.name}`
  const found = `R${number} has a pointer to ${kindText(given.own?.type ?? kernel.btf.type(given.id))} ${given.name}`
  v.refuse(CODE, 'EINVAL', `kernel function ${fn.name} args#${index} ${expected} but ${found}`)
}

/** The same but for the mark of an object that is being set up. @see btf_type_ids_nocast_alias */
function isNoCast(one: string, other: string): boolean {
  return one === `${other}___init` || other === `${one}___init`
}

/** @see btf_is_projection_of */
function isProjection(wanted: string, given: string): boolean {
  return (wanted === '__sk_buff' && given === 'sk_buff') || (wanted === 'xdp_md' && given === 'xdp_buff')
}
