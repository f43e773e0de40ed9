import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { assembleLlvm } from '@bpfoundry/isa'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import { verify } from '../src/index.ts'
import { CASES } from './cases/index.ts'
import { MAPS, type MapName, programOf, type VerifierCase } from './support/case.ts'

const ids = new Map([...MAPS.keys()].map((name, index) => [name, index + 1]))
const fdOf = (name: MapName): number => ids.get(name) as number

const [SHOWN, COVERED, ENDLESS] = [
  /^(\d+): \([0-9a-f]{2}\) /,
  /^(?:from \d+ to )?(\d+): safe$/,
  /^infinite loop .* (\d+)$/,
]

/** How often a log at level 2 comes to each slot: as an instruction, covered by a kept state, or round again for nothing. */
function visitsOf(log: string): Map<number, number> {
  const visits = new Map<number, number>()
  for (const line of log.split('\n')) {
    const found = SHOWN.exec(line) ?? COVERED.exec(line) ?? ENDLESS.exec(line)
    if (found !== null) visits.set(Number(found[1]), (visits.get(Number(found[1])) ?? 0) + 1)
  }
  return visits
}

/** Logs of the running kernel, `### name` before each. */
function goldenLogs(topic: string): Map<string, string> {
  const text = readFileSync(fileURLToPath(new URL(`./golden/${topic}.txt`, import.meta.url)), 'utf8')
  return new Map(
    text
      .split(/^### /m)
      .slice(1)
      .map((section) => [section.slice(0, section.indexOf('\n')), section]),
  )
}

function judge(row: VerifierCase): ReturnType<typeof verify> {
  return verify(programOf(row, fdOf), { profile: '6.18' })
}

/** Topics whose logs are the kernel's, line by line, without exception. */
const TOPICS = ['registers', 'control-flow', 'arithmetic', 'packet', 'context', 'packet-loads', 'atomics'] as const

describe('how often a slot is explored', () => {
  it.each(TOPICS)('is as often as the kernel logs it, %s', (topic) => {
    const golden = goldenLogs(topic)
    const differing = (CASES[topic] as readonly VerifierCase[]).filter((row) => {
      const { explored } = judge(row).slotCounts
      const visits = visitsOf(golden.get(row.name) as string)
      return explored.some((count, pc) => count !== (visits.get(pc) ?? 0))
    })
    expect(differing.map(({ name }) => name)).toEqual([])
  })
})

it('the counts add up to the statistics, accepted or refused', () => {
  const verdicts = new Set<boolean>()
  for (const row of Object.values(CASES).flat()) {
    const { ok, stats, slotCounts } = judge(row)
    const sum = (counts: Uint32Array): number => counts.reduce((total, count) => total + count, 0)
    expect([sum(slotCounts.explored), sum(slotCounts.kept)], row.name).toEqual([
      stats.insnsProcessed,
      stats.totalStates,
    ])
    if (stats.insnsProcessed > 0) verdicts.add(ok)
  }
  expect(verdicts.size).toBe(2)
})

describe('a branch is counted', () => {
  // biome-ignore format: table
  const cases: readonly (readonly [string, string, readonly number[]])[] = [
    ['where both ways are open',          'r0 = *(u32 *)(r1 + 16)\nif r0 > 5 goto +1\nr0 = 2\nexit',     [0, 1, 0, 0]],
    ['not where the way is known',        'r0 = 1\nif r0 > 5 goto +1\nr0 = 2\nexit',                     [0, 0, 0, 0]],
    ['on each path that comes there',     'r2 = *(u32 *)(r1 + 16)\nr0 = 0\nif r2 > 5 goto +1\nr0 = 1\nif r2 & 1 goto +1\nexit\nexit', [0, 0, 1, 0, 2, 0, 0]],
  ]
  it.each(cases)('%s', (_, asm, forked) => {
    const { insns } = assembleLlvm(asm)
    const program = { name: 'p', type: PROG_TYPE.XDP, expectedAttachType: 0, gplCompatible: true, maps: new Map() }
    expect([...verify({ ...program, insns }).slotCounts.forked]).toEqual(forked)
  })
})
