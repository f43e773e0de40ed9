import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { CommandIo } from '../src/command-io.ts'
import { main } from '../src/command-line.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** What a run of the command line left behind. */
export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** What a command is given besides its arguments. */
export interface Surroundings {
  readonly input?: string
}

/** Runs the command line in this process: what most cases need, in a fraction of the time. */
export async function bpfoundry(...args: string[]): Promise<Outcome> {
  return bpfoundryWith({}, ...args)
}

/** Likewise, with something on stdin. */
export async function bpfoundryWith({ input }: Surroundings, ...args: string[]): Promise<Outcome> {
  let [stdout, stderr] = ['', '']
  const io: CommandIo = {
    out: (text) => {
      stdout += text
    },
    err: (text) => {
      stderr += text
    },
    terminal: false,
    readInput: async () => input ?? '',
  }
  const code = await main(args, io)
  return { code, stdout, stderr }
}

/** What Node is given to start the command line from source. */
export function startArguments(): string[] {
  const hook = `${ROOT}tools/typescript-hook/register.mjs`
  return ['--import', hook, '--conditions=source', `${ROOT}apps/bpfoundry/src/main.ts`]
}

/** Runs the command line from source, as its own process: slow. */
export function bpfoundryProcess({ input }: Surroundings, ...args: string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NO_COLOR: '1' }
    const child = spawn(process.execPath, [...startArguments(), ...args], { cwd: ROOT, env, timeout: 60_000 })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    child.stdin.end(input ?? '')
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/** Path of a file under fixtures/. */
export function fixture(path: string): string {
  return `${ROOT}fixtures/${path}`
}
