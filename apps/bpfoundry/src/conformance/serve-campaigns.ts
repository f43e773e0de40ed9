import { serveQueue } from '@bpfoundry/campaign'
import { KernelTree } from '@bpfoundry/conformance'
import type { CommandIo } from '../command-io.ts'
import { EXIT } from '../exit-code.ts'
import { Interrupt } from '../interrupt.ts'

/** `conformance worker`, as it is typed. */
export interface WorkerCommandOptions {
  readonly queue: string
  readonly kernelTree: string
  readonly jobs: number
  readonly campaign?: string
}

/** `bpfoundry conformance worker`. @returns the exit code */
export async function serveCampaigns(options: WorkerCommandOptions, io: CommandIo): Promise<number> {
  const { queue: url, kernelTree, jobs, campaign } = options
  const { folder } = new KernelTree(kernelTree)
  const interrupt = new Interrupt(io)
  const only = campaign === undefined ? {} : { campaign }
  const say = (text: string): void => io.err(`${text}\n`)
  try {
    await serveQueue({ url, kernelTree: folder, jobs, signal: interrupt.signal, say, ...only })
    return interrupt.aborted ? EXIT.interrupted : EXIT.ok
  } finally {
    interrupt.dispose()
  }
}
