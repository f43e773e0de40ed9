import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const FOLDER = fileURLToPath(new URL('../../../fixtures/programs', import.meta.url))

/** One with maps and globals, one with a filled map, one without BTF, one in assembly. */
const SAMPLE = ['l4lb', 'tail_calls', 'legacy_maps', 'map_pointer_write']

it('makes the committed objects again, byte by byte, in another folder', (ctx) => {
  const clang = spawnSync('clang-19', ['--version'], { encoding: 'utf8' })
  if (clang.stdout?.includes('clang version 19.1.7') !== true) ctx.skip('needs clang 19.1.7 as clang-19')
  const copy = mkdtempSync(join(tmpdir(), 'fixtures-'))
  try {
    cpSync(FOLDER, copy, { recursive: true, filter: (path) => !path.endsWith('.o') })
    const made = spawnSync(join(copy, 'make.sh'), SAMPLE, { encoding: 'utf8' })
    expect(made.stderr).toBe('')
    const objects = readdirSync(copy, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.o'))
    expect(objects.length).toBe(10)
    for (const path of objects)
      expect(readFileSync(join(copy, path)).equals(readFileSync(join(FOLDER, path))), path).toBe(true)
  } finally {
    rmSync(copy, { recursive: true })
  }
})
