import type { XdpMode } from '@bpfoundry/device'
import type { BenchNic, BenchObjects, BenchProgram, Testbench } from '@bpfoundry/testbench'
import type { AttachDescription } from '../schema/program.ts'

/** An interface of a running deployment. */
export interface StagedInterface {
  /** `edge.eth0`. */
  readonly path: string
  readonly host: string
  /** `edge.eth0`, also of `edge.eth0p1`. */
  readonly card: string
  readonly nic: BenchNic
}

/** A loaded object file. */
export interface StagedProgram {
  readonly name: string
  readonly host: string
  readonly objects: BenchObjects
  readonly program: BenchProgram
}

/** What is to be attached where; kept for when a card starts again. */
export interface Attachment extends Pick<AttachDescription, 'mode' | 'fallback'> {
  readonly program: string
}

/** A machine of a running deployment. */
export interface StagedHost {
  readonly name: string
  readonly bench: Testbench
  /** By path. */
  readonly interfaces: ReadonlyMap<string, StagedInterface>
  readonly gigahertz: number | undefined
  readonly wakeupNs: number
}

/** A deployment with its hosts up, its programs loaded and attached: nothing has arrived yet. */
export interface Stage {
  readonly hosts: ReadonlyMap<string, StagedHost>
  readonly interfaces: ReadonlyMap<string, StagedInterface>
  readonly programs: ReadonlyMap<string, StagedProgram>
  /** By interface and mode: what was asked for. */
  readonly attachments: Map<string, Attachment>
  close(): Promise<void>
}

/** Key of {@link Stage.attachments}. */
export function hookKey(path: string, mode: XdpMode): string {
  return `${path} ${mode}`
}
