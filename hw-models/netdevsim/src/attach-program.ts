import type { AttachProgram, ProgramBinding } from '@bpfoundry/device'
import type { Kernel, KernelProgram } from '@bpfoundry/kernel'

const KNOWN = new WeakMap<KernelProgram, AttachProgram>()

/** A kernel's program as the attach rules see it: its binding follows it from port to port, what attaches it holds it. */
export function attachProgram(kernel: Kernel, program: KernelProgram): AttachProgram {
  const known = KNOWN.get(program)
  if (known !== undefined) return known
  const { id, name, tag, type, expectedAttachType } = program.image
  const made: AttachProgram = {
    ...{ id, name, tag, type, expectedAttachType },
    jited: kernel.engine.name !== 'interpreter' && !program.offloaded,
    get bound() {
      return bindingOf(kernel, program)
    },
    hold: () => program.hold(),
    drop: () => program.drop(),
  }
  KNOWN.set(program, made)
  return made
}

/** Where a program is bound to. An orphan stays bound, to no device. */
export function bindingOf(kernel: Kernel, { bound }: KernelProgram): ProgramBinding | undefined {
  if (bound === undefined) return undefined
  const { netdev, offloaded } = bound
  const card = netdev === undefined ? undefined : kernel.offload.asicOf(netdev.ifindex)?.name
  return { ifindex: netdev?.ifindex ?? 0, offloaded, ...(card === undefined ? {} : { card }) }
}
