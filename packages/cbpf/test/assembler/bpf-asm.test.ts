import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { assembleClassic, CbpfError, formatClassicProgram } from '../../src/index.ts'
import { blessGoldenLines, kernelTool, readGoldenLines } from '../kernel-tools.ts'
import { asmSource } from './asm-sources.ts'

/** A source and what bpf_asm and `bpf_asm -c` print; null where they refuse it. */
interface Row {
  readonly source: string
  readonly plain: string | null
  readonly c: string | null
}

const GOLDEN = 'assembler/bpf-asm.golden.jsonl'
const IN_GOLDEN = 90
const COUNT = process.env['CI'] === undefined ? 200 : 2000

const folder = join(import.meta.dirname, 'sources')
const written = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))

/** `[x+4]` is taken here; bpf_asm sees one number in `+4`. */
const TAKEN_HERE = /x\s*[-+][1-9]/i

function ours(source: string, form: 'asm' | 'c'): string | null {
  try {
    return formatClassicProgram(assembleClassic(source).insns, form)
  } catch (error) {
    if (error instanceof CbpfError && error.code.startsWith('CBPF_ASM_')) return null
    throw error
  }
}

const assembled = (source: string): Row => ({ source, plain: ours(source, 'asm'), c: ours(source, 'c') })

test('sources become what bpf_asm makes of them, and are refused where it refuses them', () => {
  const golden = readGoldenLines<Row>(GOLDEN)
  expect(golden.length).toBe(written.length + IN_GOLDEN)
  expect(golden.filter(({ plain }) => plain !== null).length).toBeGreaterThan(golden.length / 2)
  for (const row of golden) expect(assembled(row.source)).toEqual(row)
})

test('bpf_asm itself says the same', ({ skip }) => {
  const tool = kernelTool('bpf_asm')
  if (tool === undefined) return skip(`${COUNT} sources: no bpf_asm here; name one by BPF_ASM`)
  const ask = (source: string, ...options: string[]): string | null => {
    const { status, stdout } = spawnSync(tool, [...options, '/dev/stdin'], { input: source, encoding: 'utf8' })
    return status === 0 ? stdout : null
  }
  const asked = (source: string): Row => ({ source, plain: ask(source), c: ask(source, '-c') })
  const generated = Array.from({ length: COUNT }, (_, seed) => asmSource(seed))
  for (const source of generated.filter((text) => !TAKEN_HERE.test(text))) {
    expect(assembled(source)).toEqual(asked(source))
  }
  blessGoldenLines(
    GOLDEN,
    [...written, ...generated.filter((text) => text.length < 2000).slice(0, IN_GOLDEN)].map(asked),
  )
})
