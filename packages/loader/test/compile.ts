import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const SOURCES = join(import.meta.dirname, 'programs')

/** The headers of the fixture programs: nothing of the system's is needed. */
const INCLUDE = join(import.meta.dirname, '../../../fixtures/programs/include')

/** True where the program can be started. */
export function hasProgram(program: string): boolean {
  return spawnSync(program, ['--version']).error === undefined
}

/** A folder for as long as `use` runs. */
export function withFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-loader-'))
  try {
    return use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Compiles one of `test/programs` into `folder`. */
export function compile(
  folder: string,
  name: string,
  target = 'bpfel',
  mcpu = 'v3',
): { path: string; bytes: Uint8Array } {
  const path = join(folder, `${name}.${target}.o`)
  const args = [
    '-O2',
    '-g',
    '-target',
    target,
    `-mcpu=${mcpu}`,
    '-I',
    INCLUDE,
    '-c',
    join(SOURCES, `${name}.bpf.c`),
    '-o',
    path,
  ]
  const result = spawnSync('clang-19', args, { encoding: 'utf8' })
  if (result.status !== 0) throw new Error(result.stderr)
  return { path, bytes: new Uint8Array(readFileSync(path)) }
}

/** Builds one of the C programs that ask libbpf; undefined, with the compiler's words, where that can't be. */
export function buildHost(folder: string, name: string): { readonly path: string } | { readonly reason: string } {
  const path = join(folder, name)
  const result = spawnSync('gcc', ['-O1', '-o', path, join(import.meta.dirname, 'libbpf', `${name}.c`), '-lbpf'], {
    encoding: 'utf8',
  })
  if (result.error !== undefined) return { reason: 'gcc is not installed' }
  return result.status === 0 ? { path } : { reason: `gcc with libbpf: ${result.stderr.split('\n')[0]}` }
}

export function writeFile(folder: string, name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
