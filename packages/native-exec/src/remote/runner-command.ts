/** How arm64 executables are run here: by the CPU itself, or by qemu's user-mode emulation. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Names that distributions give the emulator; the static one needs nothing else. */
const EMULATORS = ['qemu-aarch64-static', 'qemu-aarch64']

/** Command and arguments before the executable's name, or why there is none. */
export type RunnerCommand = { readonly command: readonly string[] } | { readonly unavailable: string }

/**
 * @param cpu model that qemu emulates, as `-cpu help` lists them (`cortex-a53` has no FEAT_LSE); by default one that has
 *   everything
 */
export function runnerCommand(cpu?: string): RunnerCommand {
  if (process.platform !== 'linux')
    return { unavailable: `arm64 code of this kind runs on Linux, not ${process.platform}` }
  if (process.arch === 'arm64' && cpu === undefined) return { command: [] }
  const emulator = findExecutable(EMULATORS)
  if (emulator === undefined) {
    return { unavailable: `no ${EMULATORS.join(' or ')} in PATH; Debian has it in qemu-user-static` }
  }
  return { command: cpu === undefined ? [emulator] : [emulator, '-cpu', cpu] }
}

function findExecutable(names: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
