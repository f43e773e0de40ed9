import { ExecutionFault } from '@bpfoundry/engine'
import { type Kernel, KernelError, type KernelProgram, type TestRunRequest } from '@bpfoundry/kernel'
import { errnoName, helperName, kernelFunctionNumber, programTypeName } from '@bpfoundry/kernel-abi'
import type { RunAnswer } from '../report/answer.ts'
import type { VectorRun } from '../vector/vector.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** By default there is that much more room for a packet than it had. */
const OUT_SLACK_BYTES = 4096

/** One run of a loaded program of a case. @param modules names of those in the kernel */
export function runVectorProgram(
  kernel: Kernel,
  program: KernelProgram,
  run: VectorRun,
  modules: readonly string[],
): RunAnswer {
  try {
    const { retval, data, ctx, truncated, durationNs } = kernel.testRun(program, runRequest(run))
    const out = { retval, data_out: hex(data), duration_ns: durationNs }
    return { run_errno: truncated ? 'ENOSPC' : 0, ...out, ...(ctx === undefined ? {} : { ctx_out: hex(ctx) }) }
  } catch (error) {
    return runFailure(error, program, modules)
  }
}

function runRequest({ dataIn, ctxIn, repeat, dataOutBytes, ctxOutBytes }: VectorRun): TestRunRequest {
  const data = dataIn ?? new Uint8Array()
  return {
    data,
    repeat,
    dataOutBytes: dataOutBytes ?? (data.length === 0 ? 0 : data.length + OUT_SLACK_BYTES),
    ...(ctxIn === undefined ? {} : { ctx: ctxIn }),
    ...(ctxOutBytes === undefined ? {} : { ctxOutBytes }),
  }
}

function runFailure(error: unknown, { image }: KernelProgram, modules: readonly string[]): RunAnswer {
  if (error instanceof KernelError) {
    const run_errno = errnoName(error.errno)
    if (error.code !== 'KERNEL_TEST_RUN_UNSUPPORTED') return { run_errno }
    return { run_errno, unsupported: [`test runs of ${programTypeName(image.type)} programs`] }
  }
  if (!(error instanceof ExecutionFault)) throw error
  if (error.code !== 'FAULT_UNKNOWN_HELPER') return { run_errno: error.code }
  return { run_errno: 'ENOTSUPP', unsupported: [calledBy(error, modules)] }
}

/** What a run came to that is not there: a helper by its number, a kernel function by its name, one of a module. */
function calledBy({ got }: ExecutionFault, modules: readonly string[]): string {
  if (typeof got === 'number') return `the helper ${helperName(got)}`
  const isOfModule = modules.length > 0 && kernelFunctionNumber(String(got)) === undefined
  return isOfModule ? `running functions of ${modules.join(', ')}` : `running the kernel function ${got}`
}
