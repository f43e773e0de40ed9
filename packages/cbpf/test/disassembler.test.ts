import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { disassembleClassic, formatClassic, formatDecimal, readDecimal } from '../src/index.ts'
import { compileFilter, EXPRESSIONS, tcpdumpMissing } from './tcpdump.ts'

const GOLDEN = readFileSync(join(import.meta.dirname, 'bpf-image.golden.txt'), 'utf8')
/** `ldx #pktlen`, which the kernel has and libpcap does not know. */
const LDX_W_LEN = 0x81

const golden = GOLDEN.trimEnd()
  .split('\n')
  .filter((line) => !line.startsWith('#'))
  .map((line) => {
    const [fields, text] = line.split(/\t(.*)/s) as [string, string]
    const [code, jt, jf, k, pc] = fields.split(' ').map(Number) as [number, number, number, number, number]
    return { insn: { code, jt, jf, k }, pc, text }
  })

test('every code, operand and ancillary word is written as libpcap writes it', () => {
  expect(golden.length).toBeGreaterThan(380)
  const differing = golden.filter(({ insn, pc, text }) => formatClassic(insn, pc) !== text)
  expect(differing.map(({ insn }) => insn.code)).toEqual([LDX_W_LEN])
  expect(formatClassic({ code: LDX_W_LEN, jt: 0, jf: 0, k: 0 }, 0)).toBe('(000) ldx      #pktlen')
})

test('filters are printed as tcpdump prints them, in both forms', ({ skip }) => {
  if (tcpdumpMissing !== undefined) skip(`${EXPRESSIONS.length} filter expressions: ${tcpdumpMissing}`)
  for (const expression of EXPRESSIONS) {
    const decimal = compileFilter('-ddd', expression)
    const insns = readDecimal(decimal)
    expect(formatDecimal(insns)).toBe(decimal)
    expect(`${disassembleClassic(insns).join('\n')}\n`).toBe(compileFilter('-d', expression))
  }
})
