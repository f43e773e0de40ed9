import { ATTACH_TYPE, ERRNO, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { KernelError } from './kernel-error.ts'
import type { KernelProgram } from './kernel-program.ts'
import type { TestRunResult } from './test-run.ts'

/** What is called before or behind a kernel function. */
const AROUND: ReadonlySet<number> = new Set([ATTACH_TYPE.TRACE_FENTRY, ATTACH_TYPE.TRACE_FEXIT])

/** Programs whose test run has the kernel call functions of its own; the modifying ones are not emulated. */
export function runsOnTestFunctions({ image }: KernelProgram): boolean {
  return image.type === PROG_TYPE.TRACING && image.expectedAttachType !== ATTACH_TYPE.MODIFY_RETURN
}

/**
 * A test run of a tracing program: the kernel calls its functions for tests, which run the program only where it is attached
 * to one of them. It gives 0, and nothing else.
 *
 * @throws KernelError EFAULT for programs that are attached otherwise
 * @see bpf_prog_test_run_tracing in net/bpf/test_run.c
 */
export function tracingTestRun({ image }: KernelProgram): TestRunResult {
  if (!AROUND.has(image.expectedAttachType)) {
    throw new KernelError(ERRNO.EFAULT, {
      code: 'KERNEL_TEST_RUN',
      message: `program ${image.name} is attached to no function that a test run calls (EFAULT)`,
      where: { program: image.name },
      got: image.expectedAttachType,
      expected: 'fentry or fexit',
    })
  }
  return { retval: 0, data: new Uint8Array(), truncated: false, durationNs: 0 }
}
