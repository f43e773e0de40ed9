import { spawnSync } from 'node:child_process'

/** A clang that can make BPF objects. */
export interface Clang {
  /** As it is started. */
  readonly command: string
  readonly majorVersion: number
  /** The first line of `--version`. */
  readonly version: string
  /** Where it looks for the host's headers. */
  readonly systemFolders: readonly string[]
}

/** Why there is none, in a line. */
export interface ClangMissing {
  readonly missing: string
}

/** The oldest that is tried: the first with -mcpu=v4 and btf_decl_tag on functions. */
const OLDEST = 17
const NEWEST = 23

/** Names that distributions give to clang, newest first. */
const NAMES: readonly string[] = [
  ...Array.from({ length: NEWEST - OLDEST + 1 }, (_, index) => `clang-${NEWEST - index}`),
  'clang',
]

/** A clang by its path; without one the newest on the PATH. */
export function findClang(command?: string): Clang | ClangMissing {
  const tried = (command === undefined ? NAMES : [command]).map(tryClang)
  return (
    tried.find((found): found is Clang => 'command' in found) ??
    (command === undefined ? { missing: `no clang ${OLDEST} or newer is on the PATH` } : (tried[0] as ClangMissing))
  )
}

function tryClang(command: string): Clang | ClangMissing {
  const asked = spawnSync(command, ['--version'], { encoding: 'utf8' })
  if (asked.error !== undefined) return { missing: `${command} can't be started: ${asked.error.message}` }
  const [version = ''] = asked.stdout.split('\n', 1)
  const majorVersion = Number(/clang version (\d+)/.exec(version)?.[1] ?? 0)
  if (majorVersion < OLDEST)
    return { missing: `${command} is ${version || 'no clang'}; clang ${OLDEST} or newer is needed` }
  const targets = spawnSync(command, ['--print-targets'], { encoding: 'utf8' }).stdout
  if (!/^\s*bpf\b/m.test(targets)) return { missing: `${command} has no bpf target` }
  return { command, majorVersion, version, systemFolders: systemFolders(command) }
}

/** The folders that it includes from when it compiles for the host; for bpf it knows none but its own. */
function systemFolders(command: string): string[] {
  const { stderr } = spawnSync(command, ['-v', '-E', '-x', 'c', '-'], { input: '', encoding: 'utf8' })
  const list = /^#include <\.\.\.> search starts here:\n([\s\S]*?)^End of search list/m.exec(stderr)?.[1] ?? ''
  return list
    .split('\n')
    .map((line) => line.trim())
    .filter((folder) => folder !== '' && !/\/clang\/[^/]+\/include$/.test(folder))
}
