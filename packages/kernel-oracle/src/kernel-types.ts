import { readFileSync } from 'node:fs'
import { BTF_KIND, BtfTypeIds } from '@bpfoundry/btf'

const VMLINUX = '/sys/kernel/btf/vmlinux'

/**
 * How the symbol is named that a program is bound to, by attach type; those without a row take the function of that name.
 *
 * @see bpf_object__btf_find_attach in tools/lib/bpf/libbpf.c (6.12): libbpf_find_vmlinux_btf_id
 */
// biome-ignore format: table
const ATTACH_NAMES: Readonly<Record<number, readonly [prefix: string, kind: number]>> = {
  23: ['btf_trace_', BTF_KIND.TYPEDEF], // BPF_TRACE_RAW_TP
  27: ['bpf_lsm_',   BTF_KIND.FUNC],    // BPF_LSM_MAC
  28: ['bpf_iter_',  BTF_KIND.FUNC],    // BPF_TRACE_ITER
  43: ['bpf_lsm_',   BTF_KIND.FUNC],    // BPF_LSM_CGROUP
}

/** Types of the running kernel by name: read when first asked for. */
export class KernelTypes {
  #ids: BtfTypeIds | 'absent' | undefined

  /** The type's BTF id; undefined where the kernel has no such type, or doesn't show its types. @param kind of BTF_KIND */
  find(name: string, kind: number): number | undefined {
    this.#ids ??= readKernelTypes()
    return this.#ids === 'absent' ? undefined : this.#ids.find(name, kind)
  }

  /** What `attach_btf_id` names a kernel symbol by. */
  attachTarget(symbol: string, attachType: number): number | undefined {
    const [prefix, kind] = ATTACH_NAMES[attachType] ?? ['', BTF_KIND.FUNC]
    return this.find(`${prefix}${symbol}`, kind)
  }
}

function readKernelTypes(): BtfTypeIds | 'absent' {
  try {
    return new BtfTypeIds(readFileSync(VMLINUX))
  } catch {
    return 'absent'
  }
}
