import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { COLUMNS } from '../src/statistics/columns.ts'
import { compareRuns } from '../src/statistics/compare.ts'
import { readStatistics, writeCsv } from '../src/statistics/csv.ts'
import { bpfoundry, fixture } from './command-line.ts'

const LOOPS = fixture('programs/loops/loops.v3.o')
const REFUSED = fixture('programs/refused/packet_read_past_check.v3.o')

const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-statistics-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** The first lines of what veristat 1.0 (Linux 6.12) writes by `-o csv`. */
const VERISTAT = `file_name,prog_name,verdict,duration,total_insns,total_states,peak_states,max_states_per_insn,max_mark_read_len
loops.v3.o,check_mss,success,61,1140,50,46,6,3
packet_read_past_check.v3.o,packet_read_past_check,failure,39,7,0,0,0,0
`

describe('verify --csv', () => {
  it('writes a line a program, by the names of veristat', async () => {
    const { code, stdout } = await bpfoundry('verify', LOOPS, REFUSED, '--csv')
    expect(code).toBe(1)
    const [head, first, second, end] = stdout.split('\n')
    expect(head).toBe(COLUMNS.map(({ name }) => name).join(','))
    expect(first).toMatch(/^loops\.v3\.o,check_mss,success,\d+,1145,53,46,6,8,74,,xdp$/)
    expect(second).toMatch(/^packet_read_past_check\.v3\.o,packet_read_past_check,failure,\d+,7,0,0,0,0,11,,xdp$/)
    expect(end).toBe('')
  })

  it('--emit and --sort choose columns and order', async () => {
    const { stdout } = await bpfoundry('verify', LOOPS, REFUSED, '--csv', '--emit', 'prog,insns', '--sort', 'insns^')
    expect(stdout).toBe('prog_name,total_insns\npacket_read_past_check,7\ncheck_mss,1145\n')
    const most = await bpfoundry('verify', REFUSED, LOOPS, '--emit', 'insns', '--sort', 'insns')
    expect(most.stdout).toBe('Insns\n1,145\n    7\n')
  })

  it('names a column that there is not', async () => {
    const { code, stderr } = await bpfoundry('verify', LOOPS, '--emit', 'insn')
    expect([code, stderr]).toEqual([2, expect.stringContaining('no such column: insn')])
  })
})

describe('verify --compare', () => {
  it("tells what differs from veristat's figures", async () => {
    const { code, stdout } = await bpfoundry('verify', LOOPS, REFUSED, '--compare', file('base.csv', VERISTAT), '--csv')
    expect(code).toBe(0)
    expect(stdout.split('\n')[1]).toBe(
      'loops.v3.o,check_mss,success,success,MATCH,1140,1145,+5 (+0.44%),50,53,+3 (+6.00%)',
    )
  })

  it('ends with 1 where a verdict is another one, or a program is missing', async () => {
    const other = VERISTAT.replace('check_mss,success', 'check_mss,failure')
    const { code, stdout } = await bpfoundry('verify', LOOPS, '--compare', file('other.csv', other))
    expect(code).toBe(1)
    expect(stdout).toMatch(/check_mss +failure +success +MISMATCH/)
    expect(stdout).toMatch(/packet_read_past_check +failure +N\/A +N\/A/)
    expect(stdout).toMatch(/\n2 verdicts differ\n$/)
  })

  it.each([
    ['is no table', 'hello\n', 'no column file_name'],
    ['has a line too short', 'file_name,prog_name,verdict\na.o,p\n', 'line 2: 2 of 3 columns'],
    ['is empty', '', 'no column file_name'],
  ])('refuses a file that %s', async (_what, text, got) => {
    const { code, stderr } = await bpfoundry('verify', LOOPS, '--compare', file('bad.csv', text))
    expect([code, stderr]).toEqual([3, expect.stringContaining('CLI_UNREADABLE_CSV')])
    expect(stderr).toContain(got)
  })
})

describe('CSV', () => {
  it('keeps commas, quotes and line feeds within fields', () => {
    const rows = [['a,b', 'say "x"', 'two\nlines', 7]] as const
    const text = writeCsv(['file_name', 'prog_name', 'prog_type', 'total_insns'], rows)
    expect(readStatistics(text, 'x.csv').map((row) => [...row.values()])).toEqual(rows)
    expect(readStatistics(text.replaceAll('\n', '\r\n').replace('two\r\n', 'two\n'), 'x.csv')).toHaveLength(1)
  })

  it('compares with nothing as nothing', () => {
    const none = { head: expect.any(Array), rows: [], mismatches: 0 }
    expect(compareRuns(COLUMNS, [], [])).toEqual(none)
  })
})
