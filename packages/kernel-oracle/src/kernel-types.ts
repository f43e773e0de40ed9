import { readFileSync } from 'node:fs'
import { BtfTypeIds } from '@bpfoundry/btf'
import { attachSymbol } from '@bpfoundry/kernel-abi'

const VMLINUX = '/sys/kernel/btf/vmlinux'

/** Types of the running kernel by name: read when first asked for. */
export class KernelTypes {
  #ids: BtfTypeIds | 'absent' | undefined

  /** The type's BTF id; undefined where the kernel has no such type, or doesn't show its types. @param kind of BTF_KIND */
  find(name: string, kind: number): number | undefined {
    this.#ids ??= readKernelTypes()
    return this.#ids === 'absent' ? undefined : this.#ids.find(name, kind)
  }

  /** What `attach_btf_id` names a kernel symbol by. */
  attachTarget(symbol: string, attachType: number, programType?: number): number | undefined {
    const { name, kind } = attachSymbol(symbol, attachType, programType)
    return this.find(name, kind)
  }
}

function readKernelTypes(): BtfTypeIds | 'absent' {
  try {
    return new BtfTypeIds(readFileSync(VMLINUX))
  } catch {
    return 'absent'
  }
}
