/** tools/testing/selftests/bpf/verifier of the user's kernel tree: read, held against gcc, and put to the running kernel. */
import { encodeInsns, type Insn } from '@bpfoundry/isa'
import { kernelOracle } from '@bpfoundry/kernel-oracle'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  type Answer,
  askVector,
  createRunningKernel,
  judge,
  KernelTree,
  type SuiteReading,
  suiteFiles,
  type Vector,
} from '../../src/index.ts'
import { type TableRow, tableRows } from '../../src/kernel-tree/test-bpf/table-row.ts'
import { FILLS } from '../../src/kernel-tree/verifier-table/filled-programs.ts'
import { tableInsns } from '../../src/kernel-tree/verifier-table/table-test.ts'
import { runsOf } from '../../src/kernel-tree/verifier-table/test-expectation.ts'
import { runnerUnit, tableUnit, VERIFIER_FOLDER } from '../../src/kernel-tree/verifier-table/verifier-source.ts'
import { findKernelTree } from './kernel-tree.ts'
import { type DumpedRow, dumpMissing, dumpTable, HEX, NUMBERS, TEXTS } from './verifier-table/dump-table.ts'

/** Every case, and gcc's word on every field; else every tenth case is put to the kernel, and none of a million slots. */
const THOROUGH = process.env['THOROUGH'] === '1' || process.env['CI'] !== undefined
const STEP = THOROUGH ? 1 : 10
const LONG_TEST_MS = 600_000

/** What 6.12 has; 6.1 has 1365 in 92. */
const LEAST = { cases: 526, files: 35 }

const found = findKernelTree()
if ('missing' in found) console.log(`skipped: all tests of the verifier table: ${found.missing}`)
const folder = 'folder' in found ? found.folder : ''

const asked = kernelOracle()

const noDump = !THOROUGH ? 'THOROUGH=1 compares every field' : dumpMissing(folder)

describe.skipIf('missing' in found)('the verifier table', () => {
  let readings: readonly SuiteReading[] = []
  beforeAll(() => {
    readings = suiteFiles(new KernelTree(folder), ['verifier'], {}).map((file) => file.read())
  })
  const cases = () => readings.flatMap((reading) => reading.cases)

  it('is read without a problem', () => {
    expect(readings.flatMap(({ problems }) => problems.map(String))).toEqual([])
    expect(runnerUnit(new KernelTree(folder)).problems.map(String)).toEqual([])
    expect(readings.length).toBeGreaterThanOrEqual(LEAST.files)
    expect(cases().filter(({ privilege }) => privilege === 'full').length).toBeGreaterThanOrEqual(LEAST.cases)
    expect(new Set(cases().map(({ id }) => id)).size).toBe(cases().length)
  })

  it('gives a vector for every case', () => {
    const short = cases().filter(({ name }) => THOROUGH || !name.startsWith('scale: '))
    expect(short.filter(({ question }) => question().kind !== 'vector').map(({ id }) => id)).toEqual([])
  })

  it(`every ${STEP}th case: the running kernel’s verdicts and results are the expected ones`, {
    timeout: LONG_TEST_MS,
  }, ({ skip }) => {
    if ('unavailable' in asked) return skip(asked.unavailable)
    const kernel = createRunningKernel(asked)
    const full = cases().filter(
      ({ privilege, name }) => privilege === 'full' && (THOROUGH || !name.startsWith('scale: ')),
    )
    const some = full.filter((_, index) => index % STEP === 0)
    const wrong = some.flatMap(({ id, question }) => {
      const { vector } = question() as { vector: Vector }
      const answer = judge(askVector(kernel, vector), vector.expect)
      return answer.pass === true || isExcused(answer) ? [] : [{ id, differs: answer.differs }]
    })
    // Of 6.1: seven verdicts have changed since, and the tags of 17 maps' types are no longer known.
    expect(wrong.length).toBeLessThanOrEqual(full.length > 1000 ? 24 : 0)
  })

  it('every field is what gcc makes of it', { timeout: LONG_TEST_MS }, ({ skip }) => {
    if (noDump !== undefined) return skip(noDump)
    const tree = new KernelTree(folder)
    const rows = tree
      .list(VERIFIER_FOLDER, '.c')
      .flatMap((file) => tableRows(tableUnit(tree, file).valueOf('tests'), { file, line: 1 }))
    const theirs = dumpTable(folder)
    expect(rows.length).toBe(theirs.length)
    const fixups = fixupMembers(tree)
    const wrong = rows.flatMap((row, index) => differences(row, theirs[index] as DumpedRow, fixups))
    expect(wrong).toEqual([])
  })
})

/** The wording of another version's log; programs that may not be loaded on this host; what the kernel lacks. */
function isExcused({ reasons = [], errno, unsupported }: Answer): boolean {
  return unsupported !== undefined || errno === 'EPERM' || reasons.every(({ kind }) => kind === 'log')
}

function fixupMembers(tree: KernelTree): readonly string[] {
  const type = runnerUnit(tree).type('struct bpf_test')
  const members = type?.kind === 'struct' ? (type.members ?? []) : []
  return members.map(({ name }) => name).filter((name) => name.startsWith('fixup_') && name !== 'fixup_kfunc_btf_id')
}

const trimmed = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/(?:00)+$/, '')
const insnHex = (insns: readonly Insn[]): string => trimmed(encodeInsns(insns))
const words = (numbers: readonly number[]): Uint8Array =>
  new Uint8Array(Int32Array.from(numbers.map((one) => one | 0)).buffer)

function differences(row: TableRow, theirs: DumpedRow, fixups: readonly string[]): readonly string[] {
  const found: string[] = []
  const hold = (name: string, ours: unknown, wanted: unknown): void => {
    if (JSON.stringify(ours) !== JSON.stringify(wanted))
      found.push(`${row.text('descr')}: ${name}: ${ours}, gcc ${wanted}`)
  }
  for (const name of TEXTS) hold(name, row.text(name), theirs.texts[name])
  hold(
    'numbers',
    NUMBERS.map((name) => row.number(name)),
    theirs.numbers,
  )
  hold('kfuncs', kfuncsOf(row), theirs.kfuncs)
  hold('fixups', trimmed(words(fixups.flatMap((name) => padded(row.numbers(name), 8)))), theirs.hex['fixups'])
  const filled = FILLS[row.symbol('fill_helper') ?? '']?.(row.number('retval'))
  hold('length', filled?.insns.length, theirs.length)
  const ours = {
    insns: insnHex(filled?.insns ?? tableInsns(row, 'insns')),
    expected_insns: insnHex(tableInsns(row, 'expected_insns')),
    unexpected_insns: insnHex(tableInsns(row, 'unexpected_insns')),
    retvals: retvalsOf(row, filled?.retval, theirs.hex['retvals'] ?? ''),
    func_info: trimmed(words(functionsOf(row, filled?.secondFunction))),
    btf_strings: trimmed(Buffer.from(row.text('btf_strings'), 'latin1')),
    btf_types: trimmed(words(row.numbers('btf_types'))),
  }
  for (const name of HEX) hold(name, ours[name], theirs.hex[name])
  return found
}

const padded = (numbers: readonly number[], length: number): number[] =>
  Array.from({ length }, (_, index) => numbers[index] ?? 0)

function kfuncsOf(row: TableRow): unknown {
  return row.rows('fixup_kfunc_btf_id').map((pair) => [pair.text('kfunc'), pair.number('insn_idx')])
}

function functionsOf(row: TableRow, second: number | undefined): number[] {
  return row
    .rows('func_info')
    .flatMap((info, index) => [
      index === 1 && second !== undefined ? second : info.number('insn_off'),
      info.number('type_id'),
    ])
}

/** Of as many runs as there are: a union that is not run holds what another member left in it. */
function retvalsOf(row: TableRow, retval: number | undefined, theirs: string): string {
  const runs = row.number('runs') < 0 ? [] : runsOf(row, retval)
  const bytes = Buffer.from(theirs.padEnd(2 * 8 * 72, '0'), 'hex')
  runs.forEach((run, index) => {
    bytes.writeUInt32LE(run.retval >>> 0, 72 * index)
    bytes.writeUInt32LE(run.retvalUnprivileged >>> 0, 72 * index + 4)
    bytes.set(run.data, 72 * index + 8)
  })
  return trimmed(bytes)
}
