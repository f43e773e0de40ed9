import type { MachineCode } from '@bpfoundry/codegen'
import type { Translation } from '@bpfoundry/engine'
import { NativeExecError } from '../native-exec-error.ts'

/** A program as arm64 code that lies nowhere yet: each thread's runner has its own copy. Plain data. */
export interface RemoteTranslation extends Translation {
  readonly engine: typeof REMOTE_ENGINE
  readonly machineCode: MachineCode
}

/** The engine's name among translations; to users it is `arm64`, as the one that runs on the CPU. */
export const REMOTE_ENGINE = 'arm64-remote'

/** A translation of the remote engine. @throws NativeExecError NATIVE_FOREIGN */
export function requireRemote(translation: Translation): RemoteTranslation {
  const remote = translation as Partial<RemoteTranslation> & Translation
  if (remote.engine === REMOTE_ENGINE) return remote as RemoteTranslation
  throw new NativeExecError({
    code: 'NATIVE_FOREIGN',
    message: `translation of ${translation.image.name} is not one of the remote arm64 engine`,
    where: { program: translation.image.name },
    got: remote.engine ?? 'another engine',
    expected: REMOTE_ENGINE,
  })
}

/**
 * The slot of the instruction that the code at `offsetBytes` belongs to; undefined in code that is no instruction's.
 */
export function slotAt({ insnOffsetsBytes }: MachineCode, offsetBytes: number): number | undefined {
  const end = insnOffsetsBytes.at(-1) ?? 0
  if (offsetBytes >= end) return undefined
  const slot = insnOffsetsBytes.findLastIndex((start) => start <= offsetBytes)
  return slot < 0 ? undefined : slot
}
