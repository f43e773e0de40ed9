/** What the tests ask outside of this repository. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const exists = (name: string): boolean => spawnSync(name, ['--version']).error === undefined

export const HAS_CLANG: boolean = exists('clang-19')
if (!HAS_CLANG) console.log('skipped: all comparisons of c-source with clang: no clang-19')

const QUIET = ['-target', 'bpf', '-Wno-everything', '-std=gnu11']
const MOST_BYTES = 1 << 28

function withFile<Result>(text: string, action: (path: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'c-source-'))
  try {
    const path = join(folder, 'a.c')
    writeFileSync(path, text)
    return action(path)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A text as `clang -E` leaves it. */
export function clangPreprocessed(text: string): string {
  return withFile(text, (path) =>
    execFileSync('clang-19', [...QUIET, '-E', '-P', path], { encoding: 'utf8', maxBuffer: MOST_BYTES }),
  )
}

/** The 64-bit numbers of the only array that a text defines, as clang's bpf target has them. */
export function clangNumbers(text: string): bigint[] {
  const asm = withFile(text, (path) =>
    execFileSync('clang-19', [...QUIET, '-S', '-o', '-', path], { encoding: 'utf8', maxBuffer: MOST_BYTES }),
  )
  return [...asm.matchAll(/\.quad\s+(-?\d+)/g)].map(([, number]) => BigInt.asUintN(64, BigInt(number as string)))
}

/** The bytes of the only object that a text defines. */
export function clangBytes(text: string): string {
  return withFile(text, (path) => {
    execFileSync('clang-19', [...QUIET, '-c', '-o', `${path}.o`, path])
    execFileSync('llvm-objcopy-19', ['-O', 'binary', '--only-section=own', `${path}.o`, `${path}.bin`])
    return execFileSync('od', ['-An', '-v', '-tx1', `${path}.bin`], { encoding: 'utf8', maxBuffer: MOST_BYTES })
  }).replaceAll(/\s/g, '')
}
