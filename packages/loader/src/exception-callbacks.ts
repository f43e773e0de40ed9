import { BTF_KIND, type Btf } from '@bpfoundry/btf'
import type { CodeFunction, CodeSection } from './code-section.ts'

/** `__attribute__((btf_decl_tag("exception_callback:name")))` of a program. */
const TAG = 'exception_callback:'

/** The whole declaration, not one of its parameters. */
const NO_COMPONENT = -1

/**
 * Functions that run when a program throws (bpf_throw): no instruction refers to them, a tag of the program names them.
 *
 * @returns by name of the program; a name that no global function has is left out, as libbpf refuses it
 */
export function exceptionCallbacks(
  btf: Btf | undefined,
  code: Iterable<CodeSection>,
): ReadonlyMap<string, CodeFunction> {
  const callbacks = new Map<string, CodeFunction>()
  if (btf === undefined) return callbacks
  const functions = [...code].flatMap((section) => section.functions)
  for (const type of btf.types) {
    if (type.kind !== BTF_KIND.DECL_TAG || type.componentIndex !== NO_COMPONENT || !type.name.startsWith(TAG)) continue
    const wanted = type.name.slice(TAG.length)
    const callback = functions.find(({ name, isStatic }) => name === wanted && !isStatic)
    if (callback !== undefined) callbacks.set(btf.type(type.typeId).name, callback)
  }
  return callbacks
}
