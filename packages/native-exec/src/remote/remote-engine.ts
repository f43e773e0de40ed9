import type { Engine } from '@bpfoundry/engine'
import { type Arm64Options, translateArm64 } from '@bpfoundry/jit-arm64'
import { RemoteThread } from './remote-thread.ts'
import { REMOTE_ENGINE, type RemoteTranslation } from './remote-translation.ts'
import { runnerCommand } from './runner-command.ts'
import { runnerSlot } from './runner-slot.ts'

/** Options of {@link createRemoteArm64Engine}. */
export interface RemoteArm64Options extends Arm64Options {
  /** CPU model for qemu to emulate, such as `cortex-a53`; by default one with every feature. */
  readonly cpu?: string
  /** How long a run may take in milliseconds; 0, the default, for ever, which suits verified programs. */
  readonly timeoutMs?: number
}

/** An engine that may be closed in a thread that needs it no more. */
export interface RemoteArm64Engine extends Engine {
  /** Ends this thread's process for arm64 code. The next run would start another. */
  close(): void
}

/** Whether {@link createRemoteArm64Engine} works here, and if not why. */
export type RemoteArm64Availability =
  | { readonly available: true }
  | { readonly available: false; readonly reason: string }

/** Whether this host can run arm64 code in another process: it is arm64 itself, or has qemu's user-mode emulation. */
export function remoteArm64Available(): RemoteArm64Availability {
  const found = runnerCommand()
  return 'unavailable' in found ? { available: false, reason: found.unavailable } : { available: true }
}

/**
 * The engine 'arm64' for hosts of another kind: programs run as machine code in a process of their own, which shares guest
 * memory; helpers are called here. A program that crashes ends its run by an ExecutionFault, not this process, so that it
 * is also the place for programs that no verifier saw. Each thread has a process; about 20 to 60 us a run.
 *
 * translate throws what translateArm64 throws; open throws NativeExecError NATIVE_PLATFORM where
 * {@link remoteArm64Available} says no, NATIVE_MAP, NATIVE_NO_KOFFI.
 */
export function createRemoteArm64Engine(options: RemoteArm64Options): RemoteArm64Engine {
  const slot = runnerSlot(options.cpu, options.timeoutMs ?? 0)
  return {
    name: 'arm64',
    translate: (image): RemoteTranslation => ({
      image,
      engine: REMOTE_ENGINE,
      machineCode: translateArm64(image, options),
    }),
    open: (environment) => new RemoteThread(slot, environment),
    close: () => slot.close(),
  }
}
