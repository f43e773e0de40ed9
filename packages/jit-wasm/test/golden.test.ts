import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { assembleLlvm } from '@bpfoundry/isa'
import { describe, expect, it } from 'vitest'
import { emitWasm } from '../src/index.ts'
import { GOLDEN_PROGRAMS } from './golden-programs.ts'
import { imageOf, PROG_ARRAY } from './twins.ts'
import { wat } from './wat.ts'

/** `BLESS=1` rewrites the files from what the back end makes now: look at the difference before it is committed. */
const BLESS = process.env['BLESS'] === '1'

const pathOf = (name: string): string => fileURLToPath(new URL(`./golden/${name}.golden.txt`, import.meta.url))

describe('golden files', () => {
  it.each(GOLDEN_PROGRAMS)('$name', ({ name, source, count }) => {
    const { insns } = assembleLlvm(source)
    const bytes = emitWasm(imageOf(insns), { progArray: PROG_ARRAY, count })
    const text = `${source.trim()}\n\n${wat(bytes)}`
    if (BLESS) writeFileSync(pathOf(name), text)
    expect(existsSync(pathOf(name)) ? readFileSync(pathOf(name), 'utf8') : 'no such file: BLESS=1').toBe(text)
  })
})
