import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** True where the program can be started. */
export function hasProgram(program: string): boolean {
  return spawnSync(program, ['--version']).error === undefined
}

/** Runs a program; its standard output. Throws with its standard error unless it exits with 0. */
export function run(program: string, args: readonly string[]): string {
  const result = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 26 })
  if (result.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${result.stderr}`)
  return result.stdout
}

/** A folder for as long as `use` runs. */
export function withFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-btf-'))
  try {
    return use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Compiles C for `target` into `folder`; the object's path. */
export function compile(folder: string, source: string, target: string): string {
  const input = join(folder, 'input.c')
  const object = join(folder, `${target}.o`)
  writeFileSync(input, source)
  run('clang-19', ['-O2', '-g', '-target', target, '-c', input, '-o', object])
  return object
}

/** The bytes of one section of an object, by llvm-objcopy. */
export function dumpSection(folder: string, object: string, section: string): string {
  const output = join(folder, `section${section}`)
  run('llvm-objcopy-19', [`--dump-section=${section}=${output}`, object, join(folder, 'copy.o')])
  return output
}
