import {
  KERNEL_FUNCTION_TRAITS,
  type KernelFunctionTrait,
  type ModuleFunctionSet,
  PROG_TYPE,
} from '@bpfoundry/kernel-abi'
import type { JsonFields } from './json-fields.ts'
import type { VectorModule } from './vector.ts'

/** @throws ConformanceError CONFORMANCE_FIELD */
export function readModule(fields: JsonFields): VectorModule {
  const btf = fields.bytes('btf')
  if (btf === undefined) throw fields.wrong('btf', undefined, 'the types of the module')
  const functions = fields.objects('kfuncs').map(readSet)
  return {
    name: fields.text('name', ''),
    btf,
    functions,
    ...(fields.has('may_fail') ? { mayFail: readNames(fields, 'may_fail') } : {}),
    ...(fields.has('dtors') ? { destructible: readNames(fields, 'dtors') } : {}),
  }
}

function readNames(fields: JsonFields, field: string): ReadonlySet<string> {
  const names = fields.list(field).map((name) => {
    if (typeof name === 'string') return name
    throw fields.wrong(field, name, 'names')
  })
  return new Set(names)
}

function readSet(fields: JsonFields): ModuleFunctionSet {
  const programTypes = fields.list('prog_types').map((type) => readType(fields, type))
  const functions = fields.entries('functions').map(([name, traits]) => [name, readTraits(fields, traits)] as const)
  return { programTypes, functions: new Map(functions) }
}

function readType(fields: JsonFields, type: unknown): number {
  const known = typeof type === 'string' ? PROG_TYPE[type.toUpperCase() as keyof typeof PROG_TYPE] : type
  if (Number.isInteger(known)) return known as number
  throw fields.wrong('prog_types', type, 'numbers or names of program types')
}

function readTraits(fields: JsonFields, traits: unknown): ReadonlySet<KernelFunctionTrait> {
  const known: ReadonlySet<unknown> = new Set(KERNEL_FUNCTION_TRAITS)
  if (Array.isArray(traits) && traits.every((trait) => known.has(trait))) return new Set(traits)
  throw fields.wrong('functions', traits, `lists of ${KERNEL_FUNCTION_TRAITS.join(', ')}`)
}
