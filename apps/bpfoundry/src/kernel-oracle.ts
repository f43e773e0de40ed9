import type { CollectionKernel, KernelOracle } from '@bpfoundry/kernel-oracle'
import { UnsupportedError } from './exit-code.ts'

/**
 * The running kernel, through the repository's own bpf(2) client, which a published build does not have.
 *
 * @throws UnsupportedError CLI_UNSUPPORTED_ORACLE where it is missing or the kernel can't be asked
 */
export async function openKernelOracle(): Promise<KernelOracle> {
  const asked = (await oracleClient()).kernelOracle()
  if (!('unavailable' in asked)) return asked
  throw new UnsupportedError({
    code: 'CLI_UNSUPPORTED_ORACLE',
    message: `the running kernel can't be asked: ${asked.unavailable}`,
    hint: 'run it as root on Linux, or without the kernel beside it',
  })
}

/** What loads programs and maps into it. */
export async function oracleLoader(oracle: KernelOracle): Promise<CollectionKernel> {
  const { CollectionKernel } = await oracleClient()
  return new CollectionKernel(oracle)
}

/** The client itself. @throws UnsupportedError CLI_UNSUPPORTED_ORACLE in a build without it */
export async function oracleClient(): Promise<typeof import('@bpfoundry/kernel-oracle')> {
  try {
    return await import('@bpfoundry/kernel-oracle')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new UnsupportedError({
      code: 'CLI_UNSUPPORTED_ORACLE',
      message: "this build can't ask the running kernel",
      hint: 'run it in a clone of the repository',
      cause,
    })
  }
}
