/** What the tests ask outside of this repository. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const exists = (name: string): boolean => spawnSync(name, ['--version']).error === undefined

/** Why nothing can be compared with clang, or with gcc; undefined where it can. */
export const NO_CLANG: string | undefined = exists('clang-19') ? undefined : 'no clang-19'
export const NO_GCC: string | undefined = exists('gcc') ? undefined : 'no gcc'

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

/** The bytes of the object `x` that a text defines, in hex. */
export function gccBytes(text: string): string {
  const print = 'for (unsigned i = 0; i < sizeof(x); i++) printf("%02x", ((unsigned char *)&x)[i]);'
  return withFile(`#include <stdio.h>\n${text}\nint main(void) { ${print} return 0; }\n`, (path) => {
    execFileSync('gcc', ['-w', '-std=gnu11', '-o', `${path}.out`, path])
    return execFileSync(`${path}.out`, { encoding: 'utf8', maxBuffer: MOST_BYTES })
  })
}
