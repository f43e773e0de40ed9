/** How a kernel function is called: what trampolines and calls of it can do. @see btf_distill_func_proto in kernel/bpf/btf.c */
import { BTF_KIND, type BtfFuncProto, type BtfType } from '@bpfoundry/btf'
import { Refusal } from '../report/refusal.ts'
import type { KernelBtf } from '../verifier-api.ts'
import { kindText } from './kernel-types.ts'

/** @see MAX_BPF_FUNC_ARGS in include/linux/bpf.h */
export const MAX_FUNCTION_ARGUMENTS = 12
/** An argument by value takes two registers at most. */
const MAX_ARGUMENT_BYTES = 16

function refuse(message: string): never {
  throw new Refusal({ code: 'VERIFIER_KERNEL_FUNCTION', errno: 'EINVAL', message })
}

/** Bytes of a value as it is passed; undefined for what can't be. */
function passedBytes(btf: KernelBtf, type: BtfType): number | undefined {
  const { kind } = type
  if (kind === BTF_KIND.VOID) return 0
  const isPassed =
    kind === BTF_KIND.PTR ||
    kind === BTF_KIND.INT ||
    kind === BTF_KIND.ENUM ||
    kind === BTF_KIND.ENUM64 ||
    kind === BTF_KIND.STRUCT
  return isPassed ? btf.sizeOf(type.id) : undefined
}

/** @throws {Refusal} where calls of such a function can't be made */
export function checkPrototype(btf: KernelBtf, { parameters, returnTypeId }: BtfFuncProto, name: string): void {
  if (parameters.length > MAX_FUNCTION_ARGUMENTS) {
    refuse(`The function ${name} has ${parameters.length} arguments. Too many.`)
  }
  const result = btf.resolve(returnTypeId)
  if (passedBytes(btf, result) === undefined || result.kind === BTF_KIND.STRUCT) {
    refuse(`The function ${name} return type ${kindText(result)} is unsupported.`)
  }
  parameters.forEach((parameter, index) => {
    if (index === parameters.length - 1 && parameter.typeId === 0) {
      refuse(`The function ${name} with variable args is unsupported.`)
    }
    const type = btf.resolve(parameter.typeId)
    const bytes = passedBytes(btf, type)
    if (bytes === undefined || bytes > MAX_ARGUMENT_BYTES) {
      refuse(`The function ${name} arg${index} type ${kindText(type)} is unsupported.`)
    }
    if (bytes === 0) refuse(`The function ${name} has malformed void argument.`)
  })
}
