import type { ConformanceCase } from '../../case-source.ts'
import type { ClassicCase } from '../../classic/classic-case.ts'
import { errorAt } from '../../conformance-error.ts'
import type { InternalCase, InternalContext } from '../../unverified/internal-case.ts'
import type { NotRunnable } from '../suite-case.ts'
import { CLASSIC_GENERATORS, INTERNAL_GENERATORS } from './generators/generator-table.ts'
import { classicInsnsOf, insnsOf } from './table-insns.ts'
import type { TableRow } from './table-row.ts'
import type { HasFlag } from './test-flags.ts'

/** What is asked of a test of the main table, `struct bpf_test`. */
export interface BpfTest {
  readonly id: string
  readonly row: TableRow
  readonly hasFlag: HasFlag
  /** Length of the array that fragments are taken from. */
  readonly fragmentBytes: number
}

/** The largest context of a test has 32 KiB, the largest packet 128 bytes. */
const MOST_DATA_BYTES = 1 << 20

type Run = { readonly dataBytes: number; readonly result: number }

/** @throws ConformanceError CONFORMANCE_SOURCE */
export function internalQuestion({ id, row, hasFlag }: BpfTest): ConformanceCase | NotRunnable {
  const runs = runsOf(row)
  const insns = programOf(row, INTERNAL_GENERATORS, 'insns_int', insnsOf, (runs[0] as Run).result)
  if ('kind' in insns) return insns
  const flags = row.number('aux')
  const context: InternalContext = hasFlag(flags, 'FLAG_NO_DATA')
    ? 'none'
    : hasFlag(flags, 'FLAG_LARGE_MEM')
      ? 'memory'
      : 'socket-buffer'
  const internal: InternalCase = { id, name: row.text('descr'), insns, context, runs }
  return { kind: 'internal', internal }
}

/** @throws ConformanceError CONFORMANCE_SOURCE */
export function classicQuestion({ id, row, hasFlag, fragmentBytes }: BpfTest): ConformanceCase | NotRunnable {
  const insns = programOf(row, CLASSIC_GENERATORS, 'insns', classicInsnsOf, 0)
  if ('kind' in insns) return insns
  const flags = row.number('aux')
  const refused = hasFlag(flags, 'FLAG_EXPECTED_FAIL')
  const noData = hasFlag(flags, 'FLAG_NO_DATA')
  const classic: ClassicCase = {
    id,
    name: row.text('descr'),
    insns,
    data: noData ? new Uint8Array() : row.bytes('data'),
    noData,
    runs: refused ? [] : runsOf(row),
    ...(refused ? { refusedWith: -row.number('expected_errcode') } : {}),
    ...(hasFlag(flags, 'FLAG_SKB_FRAG')
      ? { fragment: padded(row.bytes('frag_data'), Math.min(fragmentBytes, MOST_DATA_BYTES)) }
      : {}),
  }
  return { kind: 'classic', classic }
}

/** The kernel runs the first one whatever it holds, and ends at the next one that is all zeros. */
function runsOf(row: TableRow): readonly [Run, ...Run[]] {
  const all = row.rows('test').map((run) => ({ dataBytes: dataBytesOf(run), result: run.number('result') }))
  const [first = { dataBytes: 0, result: 0 }, ...others] = all
  const end = others.findIndex(({ dataBytes, result }) => dataBytes === 0 && result === 0)
  return [first, ...(end < 0 ? others : others.slice(0, end))]
}

function dataBytesOf(run: TableRow): number {
  const bytes = run.number('data_size')
  if (bytes >= 0 && bytes <= MOST_DATA_BYTES) return bytes
  throw errorAt(run.span, {
    code: 'CONFORMANCE_SOURCE',
    message: 'no test has so much data',
    got: String(bytes),
    expected: `0 to ${MOST_DATA_BYTES} bytes`,
  })
}

/** Written out, or made by the generator that stands for the kernel's function. */
function programOf<One>(
  row: TableRow,
  generators: ReadonlyMap<string, (result: number) => readonly One[]>,
  member: string,
  read: (rows: readonly TableRow[]) => readonly One[],
  result: number,
): readonly One[] | NotRunnable {
  const name = row.symbol('fill_helper')
  if (name === undefined) return read(row.row('u').rows(member))
  const generator = generators.get(name)
  if (generator !== undefined) return generator(result)
  const { file, line } = row.span
  return { kind: 'not-runnable', reason: 'unread', detail: `${file}:${line}: fill_helper ${name} is not known` }
}

function padded(bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length)
  out.set(bytes.subarray(0, length))
  return out
}
