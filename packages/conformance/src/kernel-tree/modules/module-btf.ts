import { BTF_KIND, BTF_LINKAGE, BtfBuilder } from '@bpfoundry/btf'
import type { CFunctionType, CRecord, TranslationUnit } from '@bpfoundry/c-source'
import { BtfTypeWriter } from '../progs/asm/btf-type-writer.ts'

const TRACE_TYPEDEF = 'btf_trace_'
const TRACE_TEMPLATE = '__bpf_trace_'

/**
 * The types of a module: its functions with the names of their parameters, its tracepoints, and the structures that these
 * name. Structures of the kernel are told by their names, with their size where it counts.
 *
 * @param withoutFunctions names that are left out
 */
export function moduleBtf(
  unit: TranslationUnit,
  kernelTypes: TranslationUnit,
  withoutFunctions: ReadonlySet<string>,
): Uint8Array {
  const isKernels = (record: CRecord): boolean => kernelTypes.type(`${record.kind} ${record.tag}`) === record
  const types = new BtfTypeWriter(isKernels)
  for (const { name, type } of unit.definitions) if (!withoutFunctions.has(name)) addFunction(types, name, type)
  for (const { name, type } of unit.functions.values()) {
    if (!name.startsWith(TRACE_TEMPLATE) || kernelTypes.functions.has(name)) continue
    addFunction(types, name, type)
    const typedef = unit.type(name.replace(TRACE_TEMPLATE, TRACE_TYPEDEF))
    if (typedef !== undefined) types.id(typedef)
  }
  const builder = new BtfBuilder()
  types.writeTo(builder)
  return builder.build().encode()
}

function addFunction(types: BtfTypeWriter, name: string, type: CFunctionType): void {
  const typeId = types.prototype(type, true)
  types.add({ kind: BTF_KIND.FUNC, name, typeId, linkage: BTF_LINKAGE.STATIC })
}
