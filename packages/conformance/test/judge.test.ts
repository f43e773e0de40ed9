import { assembleLlvm, encodeInsns } from '@bpfoundry/isa'
import { describe, expect, test } from 'vitest'
import { type Answer, differences, type Expectation, judge } from '../src/index.ts'
import { firstMisplaced, firstMissing, textFinder } from '../src/vector/text-pattern.ts'

const xlated = Buffer.from(
  encodeInsns(assembleLlvm('r0 = 1\nr1 = 0x500000007 ll\ncall 1\nr0 += 2\nexit').insns),
).toString('hex')
const LOG = '0: R1=ctx() R10=fp0\n0: (b7) r0 = 1 ; R0=1\n1: (95) exit\nprocessed 2 insns\n'

const accepted: Answer = {
  ...{ id: 1, engine: 'a', load_ok: true, errno: 0, verifier_log: LOG, insn_processed: 2, stack_depth: '16+0', xlated },
  ...{ run_errno: 0, retval: 4294967295, data_out: 'ab', ctx_out: 'cd' },
}
const refused: Answer = { id: 1, engine: 'a', load_ok: false, errno: 'EACCES', verifier_log: 'R0 !read_ok\n' }
const runs: Answer = {
  ...{ id: 1, engine: 'a', load_ok: true, errno: 0 },
  runs: [{ run_errno: 0, retval: 1 }, { run_errno: 'EINVAL' }, { run_errno: 0, retval: 3 }],
}

// biome-ignore format: table
const TABLE: readonly (readonly [title: string, answer: Answer, expect: Expectation, reasons: readonly string[]])[] = [
  ['as expected',            accepted, { load_ok: true, errno: 0, log: ['R1=ctx', 'exit'], insn_processed: 2, retval: -1, run_errno: 0, data_out: 'ab', ctx_out: 'cd', stack_depth: '16+0' }, []],
  ['accepted',               accepted, { load_ok: false },                        ['accepted load_ok: true, expected false']],
  ['refused',                refused,  { load_ok: true },                         ['refused load_ok: false, expected true']],
  ['another errno',          refused,  { load_ok: false, errno: 'EINVAL' },       ['errno errno: "EACCES", expected "EINVAL"']],
  ['words not in the log',   accepted, { log: 'fine' },                           ['log log lacks "fine"']],
  ['words in another order', accepted, { log: ['exit', 'R1=ctx'] },               ['log log lacks "R1=ctx"']],
  ['the same words twice',   accepted, { log: ['exit', 'exit'] },                 ['log log lacks "exit"']],
  ['an expression',          accepted, { log: '{{R[0-9]+}}=fp{{0$}}' },           []],
  ['unwanted words',         accepted, { log_lacks: ['nothing', '{{^processed}}'] }, ['log log has "{{^processed}}"']],
  ['more instructions',      accepted, { insn_processed: 3 },                     ['verifier-statistics insn_processed: 2, expected 3']],
  ['lines of the program',   accepted, { xlated: ['0: r0 = 1', '1: r1 = 0x500000007', '...', 'exit'] }, []],
  ['a helper by name',       accepted, { xlated: ['call bpf_map_lookup_elem', '4: r0 += 2'] }, []],
  ['a helper by a distance', accepted, { xlated: ['3: call unknown', '4: r0 += 2'] }, []],
  ['no call of a helper',    accepted, { xlated: ['4: call unknown'] },           ['instructions xlated lacks, or has elsewhere, "4: call {{unknown|bpf_[a-z0-9_]+}}"']],
  ['lines apart',            accepted, { xlated: ['0: r0 = 1', 'exit'] },         ['instructions xlated lacks, or has elsewhere, "exit"']],
  ['instructions',           accepted, { xlated_insns: [['b700000001000000', '18010000????????'], ['9500000000000000']] }, []],
  ['instructions apart',     accepted, { xlated_insns: [['b700000001000000', '9500000000000000']] }, ['instructions xlated lacks b700000001000000 9500000000000000']],
  ['half an instruction on', accepted, { xlated_insns: [['01000000????????']] },  ['instructions xlated lacks 01000000????????']],
  ['unwanted instructions',  accepted, { xlated_lacks_insns: [['9500000000000000']] }, ['instructions xlated has 9500000000000000']],
  ['another result',         accepted, { retval: 1 },                             ['result retval: 4294967295, expected 1']],
  ['the first run counts',   runs,     { retval: 1 },                             []],
  ['a result a run',         runs,     { retval: [1, null, 4] },                  ['result run 2: retval: 3, expected 4']],
  ['a run that fails',       runs,     { run_errno: [0, 0] },                     ['run-error run 1: run_errno: "EINVAL", expected 0']],
  ['no run',                 refused,  { retval: 1 },                             ['result retval: nothing, expected 1']],
  ['no way to run',          { ...accepted, run_errno: 'ENOTSUPP', retval: 0 },   { retval: 1 }, []],
  ['no way of ours to run, and more expected', { ...accepted, run_errno: 'ENOTSUPP', retval: 0, unsupported: ['test runs of x'] }, { run_errno: 0, retval: 1 }, ['unsupported unsupported: test runs of x']],
  ['no way to run, where one is expected', { ...accepted, run_errno: 'ENOTSUPP' }, { run_errno: 0 }, ['run-error run_errno: "ENOTSUPP", expected 0']],
  ['no way of ours to run',  { ...accepted, run_errno: 'ENOTSUPP', retval: 0, unsupported: ['test runs of x'] }, { retval: 1 }, ['unsupported unsupported: test runs of x']],
  ['loaded, but not run, where that is enough', { ...accepted, run_errno: 'ENOTSUPP', unsupported: ['test runs of x'] }, { load_ok: true }, []],
  ['refused for want of ours', { ...refused, unsupported: ['spin locks'] },       { load_ok: false }, ['unsupported unsupported: spin locks']],
  ['no answer',              { id: 1, engine: 'a', error: 'no map' },             { load_ok: true }, ['no-answer no map']],
  ['the time limit',         { ...refused, timed_out: true },                     { load_ok: false }, ['timeout the time limit ended it']],
]

describe('an answer is held against what is expected of it', () => {
  test.each(TABLE)('%s', (_, answer, expectation, reasons) => {
    const judged = judge(answer, expectation)
    expect((judged.reasons ?? []).map(({ kind, text }) => `${kind} ${text}`)).toEqual(reasons)
    expect(judged.differs ?? []).toEqual((judged.reasons ?? []).map(({ text }) => text))
    expect(judged.pass).toBe(reasons.length === 0)
  })
})

test('nothing expected is nothing judged, but that there is an answer', () => {
  expect(judge(accepted, undefined)).toBe(accepted)
  expect(judge({ ...refused, unsupported: ['x'] }, undefined).reasons).toMatchObject([{ kind: 'unsupported' }])
})

test('answers differ run by run, where both do what is asked', () => {
  const other = {
    ...runs,
    engine: 'b',
    runs: [{ run_errno: 0, retval: 1 }, { run_errno: 'EINVAL' }, { run_errno: 0, retval: 9 }],
  }
  expect(differences(runs, other)).toEqual(['run 2: retval: 3, b says 9'])
  expect(differences({ ...refused, unsupported: ['x'] }, accepted)).toEqual([])
  expect(differences(refused, { ...accepted, engine: 'b' })).toEqual([
    'load_ok: false, b says true',
    'errno: "EACCES", b says 0',
  ])
})

// biome-ignore format: table
const PATTERNS: readonly (readonly [pattern: string, text: string, found: string | undefined])[] = [
  ['a.b*',            'aXbb a.b*c',       'a.b*'],
  ['a{{.}}b',         'a\nb aXb',         'aXb'],
  ['{{^b}}',          'ab\nb',            'b'],
  ['{{a$}}',          'ab a\nb',          'a'],
  ['x{{[0-9]+|y}}z',  'xz x12z',          'x12z'],
  ['{{[[:digit:]]}}', 'a7',               '7'],
  ['{{[]a]+}}',       'x]a]',             ']a]'],
  ['{{[^]]+}}',       ']]ab]',            'ab'],
  ['{{[^a]+}}c',      'b\nbc',            'bc'],
  ['{{[a\\]}}',       'z\\',              '\\'],
  ['R{{[0-9]}}=(x)',  'R1=(x)',           'R1=(x)'],
  ['{{a}}{{b}}',      'ab',               'ab'],
]

describe('patterns are as the kernel’s own runner has them', () => {
  test.each(PATTERNS)('%s in %j', (pattern, text, wanted) => {
    const found = textFinder(pattern)(text, 0)
    expect(found === undefined ? undefined : text.slice(found.start, found.end)).toBe(wanted)
  })

  test('those that are none are refused', () => {
    for (const pattern of ['{{a', 'x{{(}}', `{{${'a'.repeat(2000)}}}`, '{{[[:none:]]}}']) {
      expect(() => textFinder(pattern)).toThrow(SyntaxError)
    }
  })

  test('order and lines', () => {
    expect(firstMissing('a b c', ['a', 'c'])).toBeUndefined()
    expect(firstMissing('a b c', ['c', 'a'])).toBe('a')
    expect(firstMisplaced('a\nb\nc\nd\n', ['b', 'c', '...', 'd'])).toBeUndefined()
    expect(firstMisplaced('a\nb\nc\n', ['a', 'c'])).toBe('c')
    expect(firstMisplaced('a\nb\nc\n', ['b'])).toBeUndefined()
  })
})
