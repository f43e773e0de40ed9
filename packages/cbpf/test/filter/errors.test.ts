import { expect, test } from 'vitest'
import { CbpfError, compileFilter, describeFilter } from '../../src/index.ts'

/** Expression, code, column, and the start of the message: that of libpcap where it has one. */
// biome-ignore format: table
const REFUSED: readonly (readonly [expression: string, code: string, column: number, message: string])[] = [
  ['ip and',                   'CBPF_FILTER_SYNTAX',      7,  'syntax error'],
  ['ip ip',                    'CBPF_FILTER_SYNTAX',      4,  'syntax error'],
  ['port 80 or @',             'CBPF_FILTER_SYNTAX',      12, 'syntax error'],
  ['ip[0',                     'CBPF_FILTER_SYNTAX',      5,  'syntax error'],
  ['ip[2-1] = 0',              'CBPF_FILTER_SYNTAX',      4,  'syntax error'],
  ['port ((80 or 443) and 22)', 'CBPF_FILTER_SYNTAX',     7,  'syntax error'],
  ['ip proto tcp',             'CBPF_FILTER_SYNTAX',      10, 'syntax error'],
  ['ip[0] = 4294967296',       'CBPF_FILTER_SYNTAX',      9,  'number 4294967296 overflows 32 bits'],
  ['ip[0] = 099',              'CBPF_FILTER_SYNTAX',      9,  'number 099 contains non-octal digit'],
  ['ether host 1:2:3',         'CBPF_FILTER_SYNTAX',      12, 'bogus ethernet address 1:2:'],
  ['tcp and 443',              'CBPF_FILTER_MEANING',     9,  'syntax error in filter expression'],
  ['tcp and tcp host 1.2.3.4', 'CBPF_FILTER_MEANING',     18, "'tcp' modifier applied to host"],
  ['net 10.1.0.0/8',           'CBPF_FILTER_MEANING',     5,  'non-network bits set in "10.1.0.0/8"'],
  ['host 1.2.3.300',           'CBPF_FILTER_MEANING',     6,  "invalid IPv4 address '1.2.3.300'"],
  ['port 70000',               'CBPF_FILTER_MEANING',     6,  'illegal port number 70000 > 65535'],
  ['vlan 5000',                'CBPF_FILTER_MEANING',     1,  'VLAN tag 5000 greater than maximum 4095'],
  ['ip[0:3] = 1',              'CBPF_FILTER_MEANING',     1,  'data size must be 1, 2, or 4'],
  ['1 / 0 = 1',                'CBPF_FILTER_MEANING',     1,  'division by zero'],
  ['ip[0] / (len & 0) = 1',    'CBPF_FILTER_MEANING',     1,  'division by zero'],
  ['host foo',                 'CBPF_FILTER_NAME',        6,  "unknown host 'foo'"],
  ['port htp',                 'CBPF_FILTER_NAME',        6,  "unknown port 'htp'"],
  ['ip proto \\foo',           'CBPF_FILTER_NAME',        10, "unknown ip proto 'foo'"],
  ['ip or type mgt',           'CBPF_FILTER_UNSUPPORTED', 7,  '"type" is not supported'],
  ['geneve',                   'CBPF_FILTER_UNSUPPORTED', 1,  '"geneve" is not supported'],
  ['on eth0',                  'CBPF_FILTER_UNSUPPORTED', 1,  'ifname supported only on PF linktype'],
  ['ip and not ip',            'CBPF_FILTER_NOTHING',     1,  'expression rejects all packets'],
]

function errorOf(compile: () => unknown): CbpfError {
  try {
    compile()
  } catch (error) {
    if (error instanceof CbpfError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

test.for(REFUSED)('%s is refused: %s', ([expression, code, column, message]) => {
  const error = errorOf(() => compileFilter(expression))
  expect([error.code, error.where?.source?.column, error.message.slice(0, message.length)]).toEqual([
    code,
    column,
    message,
  ])
})

test('errors quote the place, and tell of near names', () => {
  expect(errorOf(() => compileFilter('udp and port htp')).toJSON()).toEqual({
    code: 'CBPF_FILTER_NAME',
    message: "unknown port 'htp'",
    where: { source: { file: 'expression', line: 1, column: 14, text: 'udp and port htp' } },
    hint: 'a number, or a service: did you mean ftp, http, ntp?',
  })
  const far = errorOf(() => compileFilter(`${'ip or '.repeat(30)}port 99999`))
  expect(far.where?.source).toMatchObject({ column: 186, text: expect.stringMatching(/^\.\.\..{48}-->99999$/) })
  expect(errorOf(() => compileFilter('ip', { linkType: 'RAWW' })).hint).toBe('did you mean RAW?')
})

/** Anything may be asked, and is answered at once. */
const HOSTILE: readonly (readonly [name: string, expression: string, code: string])[] = [
  ['a megabyte', 'a'.repeat(1 << 20), 'CBPF_FILTER_LIMIT'],
  ['open parentheses', '('.repeat(60_000), 'CBPF_FILTER_LIMIT'],
  ['signs', `len = ${'- '.repeat(30_000)}1`, 'CBPF_FILTER_LIMIT'],
  ['a long sum', `len = ${'1 + '.repeat(10_000)}1`, 'CBPF_FILTER_LIMIT'],
  ['indices', 'ip['.repeat(15_000), 'CBPF_FILTER_LIMIT'],
  ['many tests', Array(6000).fill('tcp').join(' or '), 'CBPF_FILTER_LIMIT'],
  ['a long number', `len = ${'9'.repeat(60_000)}`, 'CBPF_FILTER_SYNTAX'],
  ['colons', 'a:'.repeat(30_000), 'CBPF_FILTER_SYNTAX'],
  ['dots', '1.'.repeat(30_000), 'CBPF_FILTER_SYNTAX'],
  ['more numbers than cells', `len = ${'(1 + '.repeat(20)}1${')'.repeat(20)}`, 'CBPF_FILTER_MEANING'],
]

test.for(HOSTILE)('%s is refused', ([, expression, code]) => {
  expect(errorOf(() => compileFilter(expression)).code).toBe(code)
})

test('trees that are too deep are refused', () => {
  expect(describeFilter(Array(6000).fill('ip').join(' or '))).toHaveLength(6001)
  expect(errorOf(() => describeFilter(Array(6000).fill('ip and tcp').join(' or '))).code).toBe('CBPF_FILTER_LIMIT')
})

test('deep and long expressions are compiled', () => {
  expect(compileFilter(`${'('.repeat(300)}ip${')'.repeat(300)}`)).toEqual(compileFilter('ip'))
  expect(compileFilter(`${'not '.repeat(10_000)}ip`)).toEqual(compileFilter('ip'))
  expect(compileFilter(`len = ${'1 + '.repeat(900)}1`)).toHaveLength(4)
})
