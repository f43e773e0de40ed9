import type { CFields, CValue, TranslationUnit } from '@bpfoundry/c-source'
import {
  KERNEL_FUNCTION_TRAITS,
  type KernelFunctionTrait,
  type ModuleFunctionSet,
  PROG_TYPE,
} from '@bpfoundry/kernel-abi'
import { traitBit, UNFOLLOWED_BIT } from './module-source.ts'

/** `register_btf_kfunc_id_set(BPF_PROG_TYPE_TRACING, &bpf_testmod_kfunc_set)`, in the function that brings the module up. */
const REGISTERED = /\bregister_btf_kfunc_id_set\(\s*BPF_PROG_TYPE_(\w+),\s*&(\w+)\)/g

/** What a module lets programs call. */
export interface ModuleFunctions {
  readonly sets: readonly ModuleFunctionSet[]
  /** Functions that programs may call as well, but whose calls mean more than is followed. */
  readonly unfollowed: ReadonlySet<string>
}

const MAY_FAIL = /^ALLOW_ERROR_INJECTION\((\w+),/gm

/** Functions that a module's file says may be made to fail. */
export function failingFunctions(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(MAY_FAIL)].map(([, name = '']) => name))
}

/** A structure and what gives it back, in a list that is registered. */
const DESTRUCTOR = /^BTF_ID\(struct, (\w+)\)\s*^BTF_ID\(func, \w+\)/gm

/** Structures that a module registers destructors for. */
export function destructibleStructs(text: string): ReadonlySet<string> {
  if (!text.includes('register_btf_id_dtor_kfuncs(')) return new Set()
  return new Set([...text.matchAll(DESTRUCTOR)].map(([, name = '']) => name))
}

interface Listed {
  readonly name: string
  readonly bits: number
}

/**
 * The sets that a module registers, by what they are registered for.
 *
 * @param text of the module's file
 * @throws CSourceError for a list that is not data, such as one with a flag that is not known
 */
export function moduleFunctions(unit: TranslationUnit, text: string): ModuleFunctions {
  const typesBySet = new Map<string, number[]>()
  for (const [, type = '', set = ''] of text.matchAll(REGISTERED)) {
    const known = PROG_TYPE[type as keyof typeof PROG_TYPE]
    if (known !== undefined) typesBySet.set(set, [...(typesBySet.get(set) ?? []), known])
  }
  const found = [...typesBySet].map(([set, programTypes]) => ({ programTypes, listed: listedFunctions(unit, set) }))
  const isUnfollowed = ({ bits }: Listed): boolean => (bits & UNFOLLOWED_BIT) !== 0
  return {
    sets: found.map(({ programTypes, listed }) => {
      const followed = listed.filter((one) => !isUnfollowed(one))
      return { programTypes, functions: new Map(followed.map(({ name, bits }) => [name, traitsOf(bits)])) }
    }),
    unfollowed: new Set(found.flatMap(({ listed }) => listed.filter(isUnfollowed).map(({ name }) => name))),
  }
}

/** Of `static const struct btf_kfunc_id_set name = { .set = &list }`; with a `.filter` only the module's code knows whose. */
function listedFunctions(unit: TranslationUnit, set: string): readonly Listed[] {
  const fields = unit.valueOf(set)
  const list = fields.kind === 'fields' ? fields.fields.get('set') : undefined
  const rows = list?.kind === 'address' ? unit.valueOf(list.symbol) : undefined
  if (fields.kind !== 'fields' || rows?.kind !== 'list') return []
  const listed = rows.elements.flatMap((row) => (row?.kind === 'fields' ? [listedFunction(row)] : []))
  return isZero(fields.fields.get('filter')) ? listed : listed.map(({ name }) => ({ name, bits: UNFOLLOWED_BIT }))
}

function isZero(value: CValue | undefined): boolean {
  return value === undefined || (value.kind === 'number' && value.value === 0n)
}

function listedFunction({ fields }: CFields): Listed {
  const name = fields.get('name')
  const bits = fields.get('flags')
  return {
    name: name?.kind === 'string' ? name.text : '',
    bits: bits?.kind === 'number' ? Number(bits.value) : 0,
  }
}

function traitsOf(bits: number): ReadonlySet<KernelFunctionTrait> {
  return new Set(KERNEL_FUNCTION_TRAITS.filter((_, index) => (bits & traitBit(index)) !== 0))
}
