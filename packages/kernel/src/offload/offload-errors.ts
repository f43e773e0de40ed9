import { ERRNO, errnoName, type MapAttributes, mapTypeName } from '@bpfoundry/kernel-abi'
import { KernelError } from '../kernel-error.ts'

/** What Linux's stub of a device's program warns when the host runs it all the same; it answers 0. */
export const WARN_ON_EXECUTION = 'attempt to execute device eBPF program on the host!'

interface Named {
  readonly name: string
}

/** prog_ifindex is refused before the verifier. */
export function refusedProgram({ name }: Named, errno: number, text: string): KernelError {
  return new KernelError(errno, {
    code: 'KERNEL_PROGRAM_OFFLOAD',
    message: `program ${name} is refused: ${text} (${errnoName(errno)})`,
    where: { program: name },
  })
}

/** The device was removed while the program was verified. */
export function deviceWentAway(program: Named): KernelError {
  return refusedProgram(program, ERRNO.ENODEV, 'its device went away')
}

/** BPF_PROG_TEST_RUN of a program that only its device can run. */
export function runsOnDeviceOnly({ name }: Named): KernelError {
  return new KernelError(ERRNO.ENOTSUPP, {
    code: 'KERNEL_TEST_RUN_OFFLOADED',
    message: `program ${name} runs on its device only: no test run (ENOTSUPP)`,
    where: { program: name },
    hint: `the host has a stub of it, which warns: ${WARN_ON_EXECUTION}`,
  })
}

/** map_ifindex is refused. */
export function refusedMap({ name, type }: MapAttributes, errno: number, text: string): KernelError {
  return new KernelError(errno, {
    code: 'KERNEL_MAP_OFFLOAD',
    message: `${mapTypeName(type)} map ${name} is refused: ${text} (${errnoName(errno)})`,
    where: { map: name },
  })
}

/** Maps on devices can't be described: libbpf creates them again without BTF. */
export function mapWithBtf(attributes: MapAttributes): KernelError {
  return refusedMap(attributes, ERRNO.ENOTSUPP, 'maps on devices have no BTF')
}
