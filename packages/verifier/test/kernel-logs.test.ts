import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { verify } from '../src/index.ts'
import { CASES } from './cases/index.ts'
import { MAPS, type MapName, programOf, type VerifierCase } from './support/case.ts'
import { askKernel, openCaseKernel } from './support/kernel.ts'
import { CASE_KERNEL_BTF } from './support/kernel-types.ts'
import { comparableLog } from './support/log-text.ts'

const LEVEL = 2

const ABSENT = '6.18 does not mark an absent pointer (0) as precise; later kernels and we do'
const SCC = '6.18 finds loops by strongly connected components, and says so'
/** Logs that differ by intent, and why: of these the verdict and its reason are compared. */
const DIFFERENT: ReadonlyMap<string, string> = new Map([
  ['memory and its constant size', ABSENT],
  ['no memory and size 0', ABSENT],
  ['no memory and size 8', ABSENT],
  ['a bounded size', ABSENT],
  ['a checksum over the packet', ABSENT],
  ['no kernel pointer stored from a register', ABSENT],
  ['an exchange of nothing', ABSENT],
  ['an exchange that is not given back', ABSENT],
  ['an exchange of what was there', ABSENT],
  ['an exchange of what may be NULL', ABSENT],
  ['an exchange of a moved pointer', ABSENT],
  ['a spilled copy is checked, too', '6.18 knows stack slots that are not read any more'],
  ['a loop that may go on', SCC],
  ['a loop that may go on, over a counter', SCC],
  ['a counter of rounds for an offset', SCC],
  ['a pointer that a round changes', SCC],
  ['a slot that a round changes', SCC],
  ['may_goto in may_goto', SCC],
  ['a loop under a lock', SCC],
  ['a callback that loops', SCC],
])

const kernel = openCaseKernel()
const ids = new Map([...MAPS.keys()].map((name, index) => [name, index + 1]))
const fdOf = (name: MapName): number => ids.get(name) as number

/** Logs of a running kernel at level 2, `### name` before each. Recorded anew with BLESS=1. */
const goldenPath = (topic: string): string => fileURLToPath(new URL(`./golden/${topic}.txt`, import.meta.url))

function readGolden(topic: string): Map<string, string> {
  if (!existsSync(goldenPath(topic))) return new Map()
  const sections = readFileSync(goldenPath(topic), 'utf8').split(/^### /m).slice(1)
  return new Map(
    sections.map((section) => [section.slice(0, section.indexOf('\n')), section.slice(section.indexOf('\n')).trim()]),
  )
}

/** The refusal, or the exit that the last path ends with: what stands before the statistics. */
function reasonOf(log: string | undefined): string {
  const lines = log?.split('\n') ?? []
  return (
    lines
      .at(-2)
      ?.replace(/^from .*: safe$/, 'accepted')
      .replace(/^\d+: \(95\) exit$/, 'accepted') ?? ''
  )
}

function askedLog(row: VerifierCase): string {
  if ('unavailable' in kernel) throw new Error(kernel.unavailable)
  return comparableLog(askKernel(kernel.oracle, programOf(row, kernel.fdOf), LEVEL, row.untrusted).log)
}

function record(topic: string, rows: readonly VerifierCase[]): void {
  if ('unavailable' in kernel) throw new Error(`BLESS needs a kernel: ${kernel.unavailable}`)
  const about = `Verifier logs at level ${LEVEL} of Linux ${kernel.oracle.release}, addresses as 0x0.\n\n`
  writeFileSync(goldenPath(topic), about + rows.map((row) => `### ${row.name}\n${askedLog(row)}\n`).join('\n'))
}

afterAll(() => {
  if (!('unavailable' in kernel)) kernel.oracle.close()
})

for (const [topic, rows] of Object.entries(CASES)) {
  if (process.env['BLESS'] === '1') record(topic, rows)
  const golden = readGolden(topic)
  describe(`the log of Linux 6.18, ${topic}`, () => {
    it.each(rows.map((row) => [row.name, row] as const))('%s', (name, row) => {
      const options = {
        profile: '6.18',
        ...(row.untrusted === true ? { capabilities: ['CAP_BPF'] as const } : {}),
        ...(row.kernelTypes === true ? { kernelBtf: CASE_KERNEL_BTF } : {}),
      }
      const { log } = verify(programOf(row, fdOf), options, { logLevel: LEVEL })
      const compared = DIFFERENT.has(name) ? reasonOf : (text: string | undefined) => text
      expect(compared(comparableLog(log))).toBe(compared(golden.get(name)))
    })
    it('is what the running kernel says', (ctx) => {
      if ('unavailable' in kernel) return ctx.skip(kernel.unavailable)
      if (!kernel.oracle.release.startsWith('6.18.'))
        return ctx.skip(`recorded on 6.18, this is ${kernel.oracle.release}`)
      const differing = rows.filter((row) => askedLog(row) !== golden.get(row.name))
      expect(differing.map((row) => row.name)).toEqual([])
    })
  })
}
