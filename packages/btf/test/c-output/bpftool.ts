import { spawnSync } from 'node:child_process'

/** One that sorts: of Linux 6.11 on. Another than the host's is named by an environment variable. */
const BPFTOOL = process.env['BPFTOOL'] ?? 'bpftool'
const FIRST_SORTED = 7.5

/** @returns why there is none that C output can be compared with; undefined where there is one */
export function noBpftool(): string | undefined {
  const version = spawnSync(BPFTOOL, ['version'], { encoding: 'utf8' })
  if (version.error !== undefined) return `${BPFTOOL} is not installed`
  const number = /v(\d+\.\d+)/.exec(version.stdout)?.[1] ?? '0'
  return Number(number) >= FIRST_SORTED ? undefined : `bpftool is ${number}, older than ${FIRST_SORTED} (set BPFTOOL)`
}

/** What it prints for a file; undefined where it fails, crashes or takes seconds. */
export function bpftoolC(path: string, order: readonly 'unsorted'[] = []): string | undefined {
  const args = ['btf', 'dump', 'file', path, 'format', 'c', ...order]
  const { status, stdout } = spawnSync(BPFTOOL, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    timeout: 5000,
    killSignal: 'SIGKILL',
  })
  return status === 0 ? stdout : undefined
}
