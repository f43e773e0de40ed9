import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { checkInsns, INSTRUCTIONS, type InstructionRow, lookupInsn } from '@bpfoundry/isa'
import { ENGINE_NAMES, engineByName } from '@bpfoundry/testbench'
import { expect, test } from 'vitest'
import { conformanceFiles } from '../../../fixtures/conformance/conformance-cases.ts'
import { vectorLines } from '../../../fixtures/conformance/vector-lines.ts'
import {
  type Answer,
  askBare,
  askVector,
  createBareMachine,
  createEmulatedKernel,
  type DataCase,
  judge,
  readVector,
} from '../src/index.ts'
import { readSuiteCase, SUITE_FOLDER, suiteFiles } from './suite-files.ts'

const made = conformanceFiles()
if (process.env['BLESS'] === '1') {
  for (const name of suiteFiles()) rmSync(`${SUITE_FOLDER}${name}`)
  mkdirSync(`${SUITE_FOLDER}negative`, { recursive: true })
  writeFileSync(`${SUITE_FOLDER}vectors.jsonl`, vectorLines())
  for (const [name, text] of made) writeFileSync(`${SUITE_FOLDER}${name}`, text)
}

test('the files are what the generator makes', () => {
  expect(suiteFiles()).toEqual([...made.keys()].sort())
  const differing = [...made].filter(([name, text]) => readFileSync(`${SUITE_FOLDER}${name}`, 'utf8') !== text)
  expect(differing.map(([name]) => name)).toEqual([])
  expect(readFileSync(`${SUITE_FOLDER}vectors.jsonl`, 'utf8')).toBe(vectorLines())
})

const cases: readonly DataCase[] = suiteFiles().map(readSuiteCase)
const positive = cases.filter((one) => 'result' in one.expect)
const negative = cases.filter((one) => 'error' in one.expect)

const rowsOf = (list: readonly DataCase[]): ReadonlySet<InstructionRow | undefined> =>
  new Set(list.flatMap(({ insns }) => insns.map(lookupInsn)))

/** What no program without maps, BTF, packet and arena can run. */
const cannotRun = ({ internal, kind, operation }: InstructionRow): boolean =>
  internal || /^(ld_packet|cast)$/.test(kind) || /^(map_|btf_id|kfunc)/.test(operation)

test('every row of the instruction table runs in a case, or is refused where no bare program can have it', () => {
  const [run, refused] = [rowsOf(positive), rowsOf(negative)]
  const missing = INSTRUCTIONS.filter((row) => !(cannotRun(row) ? refused : run).has(row))
  expect(missing.map(({ name }) => name)).toEqual([])
})

test('every unused field of every public row is non-zero in a case', () => {
  const problems = negative.map(({ insns }) => checkInsns(insns))
  const covered = new Set(problems.map((problem) => `${problem?.row?.opcode ?? ''} ${problem?.field ?? ''}`))
  // A field that tells rows apart makes another instruction, or none: that is found by the opcode.
  const selects = (row: InstructionRow, field: 'dst' | 'src' | 'off' | 'imm'): boolean =>
    INSTRUCTIONS.some((other) => other.opcode === row.opcode && other[field] !== row[field])
  const missing = INSTRUCTIONS.filter(({ internal }) => !internal).flatMap((row) =>
    (['dst', 'src', 'off', 'imm'] as const)
      .filter((field) => typeof row[field] === 'number' && !selects(row, field))
      .filter((field) => !covered.has(`${row.opcode} ${field}`))
      .map((field) => `${row.name} ${field}`),
  )
  expect(missing).toEqual([])
})

const ENGINES = ENGINE_NAMES.filter((name) => name !== 'auto')

test.each(ENGINES)('all cases pass on %s', async (name) => {
  const machine = createBareMachine(engineByName(name))
  const answers: Answer[] = []
  for (const one of cases) answers.push(await askBare(machine, one))
  machine.close()
  expect(answers.filter(({ pass }) => pass !== true)).toEqual([])
  expect(answers.length).toBeGreaterThan(700)
})

test.each(ENGINES)('all vectors pass on %s', (name) => {
  const kernel = createEmulatedKernel(engineByName(name))
  const answers = vectorLines()
    .trim()
    .split('\n')
    .map((text, index) => readVector({ file: 'vectors.jsonl', line: index + 1, text }))
    .map((vector) => judge(askVector(kernel, vector), vector.expect))
  expect(answers.filter(({ pass }) => pass !== true)).toEqual([])
})
