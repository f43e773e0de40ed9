import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** type, key size, value size, max_entries, flags */
export type MapTuple = readonly [number, number, number, number, number]
/** name, key in hex, value in hex, flags */
export type MapOperation = readonly ['update' | 'lookup' | 'delete' | 'next', string | null, string, number]

export interface MapCase {
  readonly map: MapTuple
  readonly ops: readonly MapOperation[]
}

export interface MapAnswer {
  readonly errno: number
  readonly results?: readonly (number | string)[]
  readonly entries?: number
  readonly flags?: number
}

const SCRIPT = fileURLToPath(new URL('./kernel-maps.py', import.meta.url))

/** Why the running kernel can't be asked; undefined when it can. `cpus` is its number of possible CPUs. */
export const kernel: { readonly refusal?: string; readonly cpus: number } = probe()

/** What the running kernel answers to each case. */
export function askKernel(cases: readonly MapCase[]): MapAnswer[] {
  if (cases.length === 0) return []
  return ask(cases.map((one) => JSON.stringify(one)).join('\n')).slice(1) as MapAnswer[]
}

function ask(input: string): unknown[] {
  const run = spawnSync('python3', [SCRIPT], { input, encoding: 'utf8', maxBuffer: 1 << 28 })
  if (run.status !== 0) throw new Error(run.error?.message ?? run.stderr)
  return run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
}

function probe(): { refusal?: string; cpus: number } {
  if (process.platform !== 'linux') return { refusal: 'the running kernel is not Linux', cpus: 2 }
  try {
    const [first] = ask('') as { cpus?: number; refused?: string }[]
    if (first?.cpus !== undefined) return { cpus: first.cpus }
    return { refusal: `bpf(2) is refused: ${first?.refused}`, cpus: 2 }
  } catch (error) {
    return { refusal: `bpf(2) cannot be asked: ${(error as Error).message}`, cpus: 2 }
  }
}
