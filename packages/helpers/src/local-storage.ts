import { type HelperFunction, returnU32 } from '@bpfoundry/engine'
import type { CgroupStorageMap } from '@bpfoundry/maps'
import type { HelperEnvironment } from './helper-environment.ts'
import { u32Argument } from './registers.ts'

/** bpf_get_local_storage(map, flags): the value of the control group; here that of the test run. */
export function getLocalStorage(environment: HelperEnvironment): HelperFunction {
  return (cpu) => returnU32(cpu, (environment.mapAt(u32Argument(cpu, 1)) as CgroupStorageMap).valueFor(cpu.id))
}
