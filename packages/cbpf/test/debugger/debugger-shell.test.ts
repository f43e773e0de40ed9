import { describe, expect, test } from 'vitest'
import {
  assembleClassic,
  DebuggerShell,
  debuggerCompletions,
  formatClassicProgram,
  readBytecode,
  type ShellAnswer,
} from '../../src/index.ts'

const FRAME = Uint8Array.from([...Array(6).fill(0xff), ...Array(6).fill(2), 8, 0, 0x45, ...Array(49).fill(7)])
const PACKETS = [1, 2, 3].map((number) => ({ data: FRAME.with(63, number), lengthBytes: 64 + number }))

/** A shell with a program in assembly, and the packets above. */
function shellOf(source: string, asBpfDbg: boolean = true): DebuggerShell {
  const shell = new DebuggerShell({
    asBpfDbg,
    files: {
      capture: (path) => (path === 'empty' ? { content: [] } : { content: PACKETS }),
      text: (path) => (path === 'a.bpf' ? { content: source } : { refusal: 'cannot open', note: 'no such file' }),
    },
  })
  expect(shell.execute('load asm a.bpf')).toMatchObject({ ok: true, output: [], notes: [] })
  expect(shell.execute('load pcap x')).toMatchObject({ ok: true, output: [] })
  return shell
}

const execute = (shell: DebuggerShell, ...lines: string[]): ShellAnswer =>
  lines.map((line) => shell.execute(line)).at(-1) as ShellAnswer

describe('watch', () => {
  const SOURCE = 'ldi 5\nst M[3]\ntax\nadd x\nst M[3]\nret a\n'

  test('a run stops behind the instruction that changes a register or a cell', () => {
    const shell = shellOf(SOURCE)
    expect(execute(shell, 'watch x').output).toEqual(['watch X'])
    const { output } = execute(shell, 'run')
    expect(output[0]).toBe('watch X: [00000000][0] -> [0x000005][5]')
    expect(output).toContain('curr:     l3:\tadd x')
    expect(shell.state()).toMatchObject({ pc: 3, a: 5, x: 5, executed: 3, packet: 1 })
    expect(execute(shell, 'watch M[3]', 'run').output[0]).toBe('watch M[3]: [0x000005][5] -> [0x00000a][10]')
    expect(execute(shell, 'watch').output).toEqual(['watched: X M[3]'])
    expect(execute(shell, 'watch reset', 'run').output).toEqual(['bpf passes:3 fails:0'])
  })

  test.for(['watch Y', 'watch M[16]', 'watch M'])('%s is told to be nothing', (line) => {
    expect(execute(shellOf(SOURCE), line)).toMatchObject({ ok: false, notes: ['watch A, X or M[0] to M[15]'] })
  })

  test('back goes to where it changed, and then to the first instruction', () => {
    const shell = shellOf(SOURCE)
    expect(execute(shell, 'step 6').output.at(-1)).toBe('(next packet)')
    execute(shell, 'step 5', 'watch M[3]')
    expect(execute(shell, 'back').output[0]).toBe('watch M[3]: [0x00000a][10] -> [0x000005][5]')
    expect(shell.state()).toMatchObject({ pc: 4, a: 10 })
    expect(execute(shell, 'back').output[0]).toBe('watch M[3]: [0x000005][5] -> [00000000][0]')
    expect(execute(shell, 'back').output.at(-1)).toBe('(first instruction)')
    expect(shell.state()).toMatchObject({ pc: 0, a: 0, x: 0, executed: 0, packet: 2 })
  })
})

describe('going back', () => {
  test('restores registers and cells, and what follows repeats', () => {
    const shell = shellOf('ld #rand\nst M[0]\nld #rand\nst M[0]\nld M[0]\nret a\n')
    const forward = [1, 2, 3, 4, 5].map(() => execute(shell, 'step').output.join('\n'))
    for (const earlier of forward.toReversed().slice(1))
      expect(execute(shell, 'step -1').output.join('\n')).toBe(earlier)
    expect(forward.slice(1)).toEqual([2, 3, 4, 5].map(() => execute(shell, 'step').output.join('\n')))
  })
})

test('extension loads give what is known of the packet', () => {
  const words = ['proto', 'type', 'vlan_tci', 'poff', 'cpu', 'mark']
  const shell = shellOf(`${words.map((word, cell) => `ld #${word}\nst M[${cell}]\n`).join('')}ld #len\nst M[9]\nret a`)
  execute(shell, `step ${words.length * 2 + 2}`)
  expect(shell.state().cells.slice(0, 3)).toEqual([0x800, 1, 0])
  expect(shell.state().cells[9]).toBe(65)
})

describe('where bpf_dbg surprises', () => {
  test('a verdict that is negative as an int ends a run, which is told of', () => {
    const answer = execute(shellOf('ret #-1'), 'run')
    expect(answer.output).toEqual([])
    expect(answer.notes[0]).toMatch(/packet 1 returned 4294967295, .* --no-quirks/)
    expect(execute(shellOf('ret #-1', false), 'run').output).toEqual(['bpf passes:3 fails:0'])
  })

  test('select takes the packet behind, which is told of', () => {
    const shell = shellOf('ret a')
    expect(execute(shell, 'select 1').notes).toEqual(['packet 2 of 3, as bpf_dbg counts'])
    expect(execute(shell, 'select 3').output).toEqual(['no packet #3 available!'])
    const straight = shellOf('ret a', false)
    expect(execute(straight, 'select 3')).toMatchObject({ output: [], notes: [] })
    expect(straight.state().packet).toBe(3)
  })
})

// biome-ignore format: table
test.for([
  ['load bpf x',               'syntax error in head length encoding!', 'column 1: got x, expected a number from 1 to 4096, then a comma'],
  ['load bpf 1,6 0 0',         'syntax error at instruction 0!',        'column 3: got 6 0 0, expected code jt jf k, all decimal'],
  ['load bpf 1,6 0 0 0,6',     'program exceeds encoded length!',       'column 11: got 6, expected 1 instructions'],
  ['load bpf 2,6 0 0 0',       'syntax error exceeding encoded length!', 'column 10: got the end, expected 2 instructions, not 1'],
  ['load bpf 1,0 0 0 0',       'program not allowed to run by kernel!', 'CBPF_REFUSED: the last instruction is no return (insn 0)'],
  ['load pcap empty',          'pcap file too small!',                  'empty holds no packets'],
  ['load asm b.bpf',           'cannot open',                           'no such file'],
] as const)('%s: what bpf_dbg says, and why', ([line, said, why]) => {
  expect(execute(shellOf('ret a'), line)).toMatchObject({ output: [said], notes: [why] })
})

test('what is wrong with assembly is told with its place', () => {
  const shell = new DebuggerShell({
    files: { capture: () => ({ content: PACKETS }), text: () => ({ content: 'ret #1\nldq' }) },
  })
  expect(execute(shell, 'load asm a.bpf').notes[0]).toMatch(/^CBPF_ASM_SYNTAX: .*\n {2}at {7}a\.bpf:2:1\n/)
})

test('unknown commands do nothing, and names near to them are told', () => {
  expect(execute(shellOf('ret a'), 'stpe 3')).toEqual({
    command: '',
    ok: false,
    output: [],
    notes: ['no such command: stpe; did you mean step?'],
    quit: false,
  })
})

test('help tells every command, and quit ends', () => {
  const shell = shellOf('ret a')
  expect(execute(shell, 'help').output.length).toBe(11)
  expect(execute(shell, 'quit').quit).toBe(true)
})

// biome-ignore format: table
test.for([
  ['',           ['load', 'select', 'step', 'back', 'run', 'breakpoint', 'watch', 'disassemble', 'dump', 'help', 'quit']],
  ['s',          ['select', 'step']],
  ['load ',      ['bpf', 'pcap', 'asm']],
  ['load p',     ['pcap']],
  ['load pcap ', undefined],
  ['load bpf 1', []],
  ['watch ',     ['A', 'X', 'M[', 'reset']],
  ['run ',       []],
] as const)('%j becomes %j', ([line, words]) => {
  expect(debuggerCompletions(line)).toEqual(words)
})

test('what the assembler prints is read again', () => {
  const { insns } = assembleClassic('ldh [12]\njeq #0x800, l1, l2\nl1: ret #-1\nl2: ret #0\n')
  expect(readBytecode(formatClassicProgram(insns, 'asm').trim())).toEqual({ insns })
})
