import { BPF_CMD, BTF_LOAD_ATTR } from '@bpfoundry/kernel-abi'
import { systemCallError } from './oracle-error.ts'
import type { SystemCall } from './system-call.ts'

/** BPF_BTF_LOAD. @throws OracleError ORACLE_BTF_LOAD */
export function loadBtf(call: SystemCall, btf: Uint8Array): number {
  const fd = call.run(BPF_CMD.BTF_LOAD, (attr) => {
    attr.point(BTF_LOAD_ATTR.btf, btf)
    attr.set(BTF_LOAD_ATTR.btf_size, btf.length)
  })
  if (fd < 0) throw systemCallError('ORACLE_BTF_LOAD', 'the kernel does not take the BTF', call.errno)
  call.keep(fd)
  return fd
}
