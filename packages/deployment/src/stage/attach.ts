import type { XdpMode } from '@bpfoundry/device'
import { type Diagnostic, isDiagnostic } from '@bpfoundry/diagnostics'
import type { EventLog } from './event-log.ts'
import type { Attachment, StagedInterface, StagedProgram } from './host-stage.ts'

/** What came of attaching a program. */
export interface AttachOutcome {
  /** Undefined when it is attached nowhere. */
  readonly attached: XdpMode | undefined
  /** What kernel, driver or card said to the first mode. */
  readonly refusal: Diagnostic | undefined
}

/** Attaches a program, in its mode or, refused there, in the one it falls back to; what is refused stands in the log. */
export async function attach(
  { program, name }: StagedProgram,
  there: StagedInterface,
  { mode, fallback }: Pick<Attachment, 'mode' | 'fallback'>,
  log: EventLog,
): Promise<AttachOutcome> {
  let refusal: Diagnostic | undefined
  for (const one of fallback === undefined || fallback === mode ? [mode] : [mode, fallback]) {
    try {
      await there.nic.attachXdp(program, { mode: one })
      if (one !== mode)
        log.add('kernel', `${there.path}: ${name} is attached in ${one} mode instead of ${mode}`, there.host)
      return { attached: one, refusal }
    } catch (error) {
      if (!isDiagnostic(error)) throw error
      refusal ??= error
      log.add('kernel', `${there.path}: ${name} refused in ${one} mode: ${error.message}`, there.host)
    }
  }
  return { attached: undefined, refusal }
}
