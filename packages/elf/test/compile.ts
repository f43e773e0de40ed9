import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** True where the program can be started. */
export function hasProgram(program: string): boolean {
  return spawnSync(program, ['--version']).error === undefined
}

/** Compiles C to an object and hands out its path and bytes for as long as `use` runs. */
export function withObject<T>(source: string, target: string, use: (path: string, bytes: Uint8Array) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-elf-'))
  try {
    const input = join(folder, 'input.c')
    const path = join(folder, 'input.o')
    writeFileSync(input, source)
    const result = spawnSync('clang-19', ['-O2', '-g', '-target', target, '-c', input, '-o', path], {
      encoding: 'utf8',
    })
    if (result.status !== 0) throw new Error(result.stderr)
    return use(path, new Uint8Array(readFileSync(path)))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
