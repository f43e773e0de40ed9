import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { kernelOracle } from '@bpfoundry/kernel-oracle'
import { expect, test } from 'vitest'
import { type Answer, askVector, createRunningKernel, readVector } from '../../src/index.ts'
import { SUITE_FOLDER } from '../suite-files.ts'
import { NEW_LINES, ORACLE_LINES } from './oracle-lines.ts'

const asked = kernelOracle()
/** An independent client of bpf(2) that reads the same lines, and files of more lines to put to both. */
const { KERNEL_ORACLE: tool = '', KERNEL_ORACLE_VECTORS: more = '' } = process.env

const openDescriptors = (): number => ('unavailable' in asked ? 0 : asked.openDescriptors)

function ours(lines: readonly string[]): Answer[] {
  if ('unavailable' in asked) throw new Error(asked.unavailable)
  const kernel = createRunningKernel(asked)
  return lines.map((text, index) => {
    // What is expected may ask for a dump.
    const { expect: _, ...vector } = readVector({ file: 'lines', line: index + 1, text })
    return askVector(kernel, vector)
  })
}

function theirs(lines: readonly string[]): Answer[] {
  const options = { input: `${lines.join('\n')}\n`, encoding: 'utf8', maxBuffer: 1 << 30 } as const
  const out = execFileSync('python3', [tool], options)
  return out
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text) as Answer)
}

/** Times; each client's words for a question that makes no sense; machine code, which holds addresses. */
const UNEQUAL: ReadonlySet<string> = new Set(['load_us', 'verification_time_us', 'duration_ns', 'error', 'jited'])

function comparable(answer: object, left: readonly string[]): object {
  const replacer = (name: string, value: unknown): unknown =>
    UNEQUAL.has(name) || left.includes(name) ? typeof value : name === 'xlated' ? withoutMapIds(String(value)) : value
  const text = JSON.stringify(answer, replacer)
  return JSON.parse(
    text.replaceAll(/verification time \d+ usec/g, 'verification time').replaceAll(/0xffff[0-9a-f]{12}/g, 'address'),
  ) as object
}

/** What a program returns may be an address: then any result is expected. */
function leavesPointer(line: string): boolean {
  const { expect: wanted } = readVector({ file: 'lines', line: 1, text: line })
  return Array.isArray(wanted?.retval) && wanted.retval.includes(null)
}

/** LD_IMM64 of a map holds its id. */
const withoutMapIds = (xlated: string): string[] | undefined =>
  xlated.match(/.{16}/g)?.map((insn) => (/^18[12]/.test(insn) ? insn.slice(0, 4) : insn))

function compare(lines: readonly string[]): void {
  const [mine, other] = [ours(lines), theirs(lines)]
  expect(mine.length).toBe(other.length)
  const asUsual = mine.flatMap((answer, index) => (answer.unsupported === undefined ? [index] : []))
  expect(asUsual.length).toBeGreaterThan(0.6 * lines.length)
  for (const index of asUsual) {
    const { engine, ...answer } = mine[index] as Answer
    expect(engine).toBe('kernel')
    const text = lines[index] as string
    const left = leavesPointer(text) ? ['retval'] : []
    expect(comparable(answer, left), text).toEqual(comparable(other[index] as Answer, left))
  }
}

test('each field of the format is answered as by an independent client', ({ skip }) => {
  if ('unavailable' in asked) skip(asked.unavailable)
  if (tool === '') skip('KERNEL_ORACLE names no other client to compare with')
  compare(ORACLE_LINES.map((line) => JSON.stringify(line)))
  compare(readFileSync(`${SUITE_FOLDER}vectors.jsonl`, 'utf8').trim().split('\n'))
})

test('so are the vectors of files', { timeout: 600_000 }, ({ skip }) => {
  if ('unavailable' in asked) skip(asked.unavailable)
  if (tool === '' || more === '') skip('KERNEL_ORACLE and KERNEL_ORACLE_VECTORS name no client or no files')
  for (const file of more.split(',')) compare(readFileSync(file, 'utf8').trim().split('\n'))
})

test('each field of the format changes the answer', ({ skip }) => {
  if ('unavailable' in asked) skip(asked.unavailable)
  const answers = ours([...ORACLE_LINES, ...NEW_LINES].map((line) => JSON.stringify(line)))
  const of = (id: string): Answer => answers.find((answer) => answer.id === id) as Answer
  expect(of('raw tracepoint')).toMatchObject({ load_ok: true })
  expect(of('kfuncs')).toMatchObject({ load_ok: true })
  expect(of('with perfmon')).toMatchObject({ load_ok: true })
  expect(of('without perfmon')).toMatchObject({ load_ok: false, errno: 'EACCES' })
  expect(of('without perfmon').verifier_log).toContain('R0 leaks addr as return value')
  expect(of('map by index')).toMatchObject({
    retval: 42,
    maps: [
      [
        ['00000000', '00000000'],
        ['01000000', '2a000000'],
      ],
    ],
  })
  expect(of('tail call')).toMatchObject({ retval: 3 })
  expect(of('typed map')).toMatchObject({ load_ok: true })
  expect(of('wrongly typed map').error).toMatch(/EINVAL/)
  expect(of('sk_buff')).toMatchObject({ retval: 42 })
  expect(of('several runs').runs).toMatchObject([{ run_errno: 0 }, { run_errno: 'EINVAL' }, { run_errno: 'ENOSPC' }])
  expect(of('source lines').verifier_log).toContain('; prog @ prog:3')
  expect(openDescriptors()).toBe(0)
})
