import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** What a run of the command line left behind. */
export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** What Node is given to start the command line from source. */
export function startArguments(): string[] {
  const hook = `${ROOT}tools/typescript-hook/register.mjs`
  return ['--import', hook, '--conditions=source', `${ROOT}apps/bpfoundry/src/main.ts`]
}

/** Runs the command line from source, as its own process. */
export function bpfoundry(...args: string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...startArguments(), ...args], {
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: '1' },
      timeout: 60_000,
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/** Path of a file under fixtures/. */
export function fixture(path: string): string {
  return `${ROOT}fixtures/${path}`
}
