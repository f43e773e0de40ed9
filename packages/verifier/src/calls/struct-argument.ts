/** Pointers to structures of the kernel, handed to helpers and given by them. @see check_reg_type in kernel/bpf/verifier.c */
import { type HelperPrototype, TYPE_FLAG } from '@bpfoundry/kernel-abi'
import type { KernelStruct, KernelTypes } from '../kernel-types/kernel-types.ts'
import { structsMatch } from '../kernel-types/struct-match.ts'
import { checkUnmodified } from '../memory/context-access.ts'
import type { StructArgument } from '../program/function-prototypes.ts'
import { unsupported } from '../report/refusal.ts'
import { isNull, pointerTo, type RegisterState } from '../state/register-state.ts'
import {
  baseType,
  MAYBE_NULL,
  MEM_RCU,
  mayBeNull,
  PTR_TO_BTF_ID,
  PTR_TRUSTED,
  typeFlags,
  typeName,
} from '../state/register-type.ts'
import type { Verification } from '../verification.ts'

const CODE = 'VERIFIER_ARGUMENT_TYPE'

/** Gives back an object by any type that begins as it does. */
const SK_RELEASE = 86

function namedStruct(v: Verification, name: string, what: string): KernelStruct {
  const struct = v.kernel?.named(name)
  if (struct !== undefined) return struct
  throw v.noted(unsupported(`${what} (struct ${name}) is`))
}

/** Refuses a BTF pointer to another structure than the helper takes; pointers of other kinds are judged elsewhere. */
export function checkStructArgument(
  v: Verification,
  number: number,
  { id, name, args }: HelperPrototype,
  structName: string,
): void {
  const { type, struct, offset } = v.register(number)
  if (baseType(type) !== PTR_TO_BTF_ID) return
  const flags = args[number - 1]?.flags ?? 0
  const releases = (flags & TYPE_FLAG.OBJ_RELEASE) !== 0
  if (mayBeNull(type) && ((flags & TYPE_FLAG.PTR_MAYBE_NULL) === 0 || releases)) {
    v.refuse(CODE, 'EACCES', `Possibly NULL pointer passed to helper arg${number}`)
  }
  const what = `argument ${number} of ${name}#${id}`
  if (struct === undefined) throw v.noted(unsupported(`${what} is`))
  const wanted = namedStruct(v, structName, what)
  const isStrict = releases && id !== SK_RELEASE
  if (structsMatch((v.kernel as KernelTypes).btf, struct, offset, wanted, isStrict)) return
  v.refuse(CODE, 'EACCES', `R${number} is of type ${struct.name} but ${structName} is expected`)
}

/** The structure that the helper gives a pointer to; undefined where its prototype names none. */
export function structResult(v: Verification, { id, name, returns }: HelperPrototype): RegisterState | undefined {
  const { type, flags, structName } = returns
  if (type !== 'RET_PTR_TO_BTF_ID' || structName === undefined) return undefined
  const struct = namedStruct(v, structName, `the result of ${name}#${id}`)
  return pointerTo(PTR_TO_BTF_ID | typeFlags(flags), { struct })
}

/** Pointers that a parameter of a global function takes, which is tagged as trusted. */
// biome-ignore format: table
const TRUSTED: readonly number[] = [PTR_TO_BTF_ID, PTR_TO_BTF_ID | PTR_TRUSTED, PTR_TO_BTF_ID | MEM_RCU]

/** @see btf_check_func_arg_match in kernel/bpf/verifier.c */
export function checkTrustedArgument(
  v: Verification,
  number: number,
  { structName, mayBeNull: nullable }: StructArgument,
): void {
  const register = v.register(number)
  const { type, struct, offset } = register
  if (nullable && isNull(register)) return
  if (!TRUSTED.includes(nullable ? type & ~MAYBE_NULL : type)) {
    const expected = TRUSTED.map(typeName).join(', ')
    v.refuse(CODE, 'EACCES', `R${number} type=${typeName(type)} expected=${expected}`)
  }
  const wanted = namedStruct(v, structName, `a trusted pointer in R${number}`)
  if (struct === undefined || !structsMatch((v.kernel as KernelTypes).btf, struct, offset, wanted, false)) {
    v.refuse(CODE, 'EACCES', `R${number} is of type ${struct?.name} but ${structName} is expected`)
  }
  checkUnmodified(v, number, true)
}
