import { describe, expect, test } from 'vitest'
import {
  assembleClassic,
  CbpfError,
  CLASSIC_FORMS,
  checkClassic,
  decodeClassic,
  formatClassicProgram,
  readDecimal,
} from '../../src/index.ts'

/** The error that a source is refused with. */
function refusal(source: string, symbols: Readonly<Record<string, number>> = {}): CbpfError {
  try {
    assembleClassic(source, { file: 'a.bpf', symbols })
  } catch (error) {
    if (error instanceof CbpfError) return error
    throw error
  }
  throw new Error(`taken: ${source}`)
}

const plain = (source: string, symbols: Readonly<Record<string, number>> = {}): string =>
  formatClassicProgram(assembleClassic(source, { symbols }).insns, 'asm')

describe('symbols', () => {
  const LISTING = 'ldh [12]\njeq #ETHERTYPE_IP, l1, l2\nl1: ret #TRUE\nl2: ret #0\n'

  test('stand for numbers', () => {
    expect(plain(LISTING, { ETHERTYPE_IP: 0x800, TRUE: 0xffff })).toBe('4,40 0 0 12,21 0 1 2048,6 0 0 65535,6 0 0 0,\n')
    expect(plain('ld [OFF]\nldxb N*([OFF]&15)\nst M[OFF]\nldi OFF\nldi N', { OFF: 2, N: 4 })).toBe(
      '5,32 0 0 2,177 0 0 2,2 0 0 2,0 0 0 2,0 0 0 4,\n',
    )
  })

  test('may begin as words behind # do', () => {
    expect(plain('ret #proto_tcp\nret #lenient\nret #N', { proto_tcp: 6, lenient: 7, N: -1 })).toBe(
      '3,6 0 0 6,6 0 0 7,6 0 0 4294967295,\n',
    )
  })

  test('that nothing defines are named, with their place and those that are near', () => {
    const error = refusal(LISTING, { ETHERTYPE_IPV6: 0x86dd })
    expect(error.format()).toBe(
      [
        'CBPF_ASM_SYMBOL: nothing defines the symbol ETHERTYPE_IP',
        '  at       a.bpf:2:6',
        '           jeq #ETHERTYPE_IP, l1, l2',
        '                ^',
        '  got      ETHERTYPE_IP',
        '  hint     define it: -D ETHERTYPE_IP=VALUE; did you mean ETHERTYPE_IPV6?',
      ].join('\n'),
    )
  })

  test.for(['x', 'A', 'jeq', 'len', 'proto', '1st', 'a-b', ''])('can not be called %j', (name) => {
    expect(refusal('ret a', { [name]: 1 })).toMatchObject({ code: 'CBPF_ASM_SYMBOL' })
  })

  test.for([2 ** 32, -(2 ** 31) - 1, 0.5, Number.NaN])('can not stand for %d', (value) => {
    expect(refusal('ret a', { NAME: value })).toMatchObject({ code: 'CBPF_ASM_SYMBOL' })
  })
})

// biome-ignore format: table
test.for([
  ['nothing',                   '',                             'CBPF_ASM_SYNTAX', 1,  1, 'the end of the text'],
  ['no instruction',            'ret #1\nldq\n',                'CBPF_ASM_SYNTAX', 2,  1, 'ldq'],
  ['no such operand',           'ld #1\nld x',                  'CBPF_ASM_SYNTAX', 2,  4, 'x'],
  ['no operand',                'ret\nret a',                   'CBPF_ASM_SYNTAX', 2,  1, 'ret'],
  ['a bracket left open',       'ldh [12\nret a',               'CBPF_ASM_SYNTAX', 2,  1, 'ret'],
  ['no comma',                  'jeq #1 l1',                    'CBPF_ASM_SYNTAX', 1,  8, 'l1'],
  ['two labels before one',     'l1: l2: ret a',                'CBPF_ASM_SYNTAX', 1,  5, 'l2'],
  ['a label at the end',        'ret a\nend:\n',                'CBPF_ASM_SYNTAX', 3,  1, 'the end of the text'],
  ['a word as label',           'jmp len',                      'CBPF_ASM_SYNTAX', 1,  5, 'len'],
  ['a character of no word',    'ret a\n\tret $1',              'CBPF_ASM_SYNTAX', 2,  6, '$'],
  ['a comment without an end',  'ret a\n /* ret #1',            'CBPF_ASM_SYNTAX', 2,  2, '/*'],
  ['words of five bytes',       'ldxb 5*([14]&0xf)',            'CBPF_ASM_SYNTAX', 1,  6, '5'],
  ['another mask',              'ldxb 4*([14]&0xff)',           'CBPF_ASM_SYNTAX', 1, 14, '0xff'],
  ['no such extension',         'ld #vlan_tcx',                 'CBPF_ASM_SYMBOL', 1,  5, 'vlan_tcx'],
  ['no such label',             'jeq #1, l1\nl2: ret a',        'CBPF_ASM_LABEL',  1,  9, 'l1'],
  ['a comparison backward',     'l1: ret a\njeq #1, l1',        'CBPF_ASM_LABEL',  2,  9, 'l1, -2 from here'],
  ['a comparison too far',      `jeq x, l1\n${'tax\n'.repeat(256)}l1: ret a`, 'CBPF_ASM_LABEL', 1, 8, 'l1, 256 from here'],
  ['too many instructions',     'tax\n'.repeat(4097),           'CBPF_ASM_LENGTH', 4097, 1, 'tax'],
] as const)('%s is refused, with its place', ([, source, code, line, column, got]) => {
  const error = refusal(source)
  expect({ code: error.code, got: error.got, ...error.where?.source }).toMatchObject({ code, got, line, column })
})

// biome-ignore format: table
test.for([
  ['ldq #1',       /did you mean ld/],
  ['jeq #1, outt\nout: ret a', /did you mean out\?/],
  ['ld #vlan_tcx', /-D vlan_tcx=VALUE; did you mean vlan_tci/],
  ['l: ret a',     /two letters/],
  ['/* a **/ ret a', /\*\*\//],
] as const)('%j: a hint', ([source, hint]) => {
  expect(refusal(source).hint).toMatch(hint)
})

test("bpfc's words, spaces left out and line ends of Windows are taken, too", () => {
  expect(
    plain('ld #pto\r\nld #ifx\nld #que\nld #hat\nld #rxh\nld #vlant\nld #vlanp\nld #pktlen\nld [x+4]\nret a\r\n'),
  ).toBe(
    plain(
      'ld #proto\nld #ifidx\nld #queue\nld #hatype\nld #rxhash\nld #vlan_tci\nld #vlan_avail\nld #len\nld [x + 4]\nret a\n',
    ),
  )
})

test('what is taken and hardly meant so is told of', () => {
  const { warnings, insns } = assembleClassic('l1: ld #0x1ffffffff\nl1: ret a\njmp l1\n')
  expect(insns.map(({ k }) => k)).toEqual([0xffffffff, 0, 0xfffffffd])
  expect(warnings).toEqual([
    { line: 1, message: '0x1ffffffff has more than 32 bits, which are cut off' },
    { line: 2, message: 'a label l1 was before; jumps go there' },
  ])
})

test('lines and labels of the instructions are kept', () => {
  const { lines, labels } = assembleClassic('; none\nldh [12] tax\n\nout:\n ret a\n')
  expect(lines).toEqual([2, 2, 4])
  expect([...labels]).toEqual([['out', 2]])
})

test('every form holds the same program', () => {
  const { insns } = assembleClassic('ldh [12]\njne #0x800, drop\nret #-1\ndrop: ret #0\n')
  expect(checkClassic(insns)).toBeUndefined()
  const forms = Object.fromEntries(CLASSIC_FORMS.map((form) => [form, formatClassicProgram(insns, form)]))
  expect(readDecimal(forms['decimal'] as string)).toEqual(insns)
  expect(decodeClassic(Uint8Array.from(Buffer.from((forms['hex'] as string).trim(), 'hex')))).toEqual(insns)
  expect(forms['listing']).toMatch(/^\(000\) ldh {6}\[12\]\n\(001\) jeq {6}#0x800 {11}jt 2\tjf 3\n/)
})

/** What bpfc 0.6.8 prints of the four lines that the kernel's documentation begins with. */
// biome-ignore format: table
test.for([
  ['netsniff-ng', '{ 0x28, 0, 0, 0x0000000c },\n{ 0x15, 0, 1, 0x00000800 },\n{ 0x6, 0, 0, 0xffffffff },\n{ 0x6, 0, 0, 0x00000000 },\n'],
  ['xt-bpf',      '4,40 0 0 12,21 0 1 2048,6 0 0 4294967295,6 0 0 0,'],
  ['tcpdump',     '40 0 0 12\n21 0 1 2048\n6 0 0 4294967295\n6 0 0 0\n'],
] as const)("bpfc's form %s", ([form, text]) => {
  const { insns } = assembleClassic('ldh [12]\njeq #0x800, l1, l2\nl1: ret #0xffffffff\nl2: ret #0\n')
  expect(formatClassicProgram(insns, form)).toBe(text)
})
