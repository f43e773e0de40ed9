import { describe, expect, test } from 'vitest'
import { ConformanceError } from '../../../src/conformance-error.ts'
import { type AnnotatedTest, readAnnotations } from '../../../src/kernel-tree/progs/annotations.ts'

/** Tags as the macros of bpf_misc.h make them. */
function read(...tags: string[]): AnnotatedTest {
  return readAnnotations(
    'function',
    tags.map((tag) => `comment:${tag}`),
    'X86_64',
  )
}

const REG_INVARIANTS = 0x80

describe('verdicts and modes', () => {
  test.each([
    ['nothing: the full mode, loads', [], { full: true }],
    ['__success', ['test_expect_success'], { full: true }],
    ['__failure', ['test_expect_failure'], { full: false }],
    ['__failure_unpriv alone: that mode alone', ['test_expect_failure_unpriv'], { unprivileged: false }],
    ['both', ['test_expect_success', 'test_expect_failure_unpriv'], { full: true, unprivileged: false }],
    [
      'a message names the mode, the verdict is inherited',
      ['test_expect_failure', 'test_expect_msg_unpriv=0=x'],
      { full: false, unprivileged: false },
    ],
    ['__retval_unpriv names the mode', ['test_retval_unpriv=0'], { unprivileged: true }],
    ['log level, flags and description name none', ['test_log_level=2', 'test_description=x'], { full: true }],
  ])('%s', (_, tags, loads) => {
    const { expectations } = read(...tags)
    expect(Object.fromEntries(Object.entries(expectations).map(([mode, one]) => [mode, one.loads]))).toEqual(loads)
  })

  test('what is said of one mode is inherited as a whole, list by list', () => {
    const { expectations } = read(
      'test_expect_success',
      'test_expect_msg=0=first',
      'test_expect_msg=1=second',
      'test_retval=7',
      'test_expect_msg_unpriv=2=other',
    )
    expect(expectations.full).toMatchObject({ messages: ['first', 'second'], retval: 7 })
    expect(expectations.unprivileged).toMatchObject({ messages: ['other'], retval: 7 })
    const bare = read('test_expect_msg=0=first', 'test_expect_success_unpriv')
    expect(bare.expectations.unprivileged?.messages).toEqual(['first'])
  })

  test('an auxiliary program is no test, but loaded in the modes that it says', () => {
    expect(read('test_auxiliary')).toMatchObject({ expectations: {}, auxiliary: ['full'] })
    expect(read('test_auxiliary', 'test_auxiliary_unpriv').auxiliary).toEqual(['full', 'unprivileged'])
    expect(read('test_auxiliary_unpriv').auxiliary).toEqual(['unprivileged'])
  })
})

describe('values', () => {
  test.each([
    ['0', 0],
    ['42', 42],
    ['-1', -1],
    ['0xabcdef12', 0xabcdef12 | 0],
    ['-2147483648', -(2 ** 31)],
    ['INT_MIN', -(2 ** 31)],
    ['TEST_DATA_LEN', 64],
    ['POINTER_VALUE', 'any'],
    ['(u32)-1', -1],
    ['(-EINVAL)', undefined],
    ['4ull', 4],
    ['', undefined],
    ['1 + 1', undefined],
    ['toString', undefined],
  ])('__retval(%s)', (text, retval) => {
    const attempt = (): unknown => read(`test_retval=${text}`).expectations.full?.retval
    if (retval === undefined) expect(attempt).toThrow(ConformanceError)
    else expect(attempt()).toBe(retval)
  })

  test.each([
    [[], REG_INVARIANTS],
    [['BPF_F_ANY_ALIGNMENT'], REG_INVARIANTS | 2],
    [['BPF_F_STRICT_ALIGNMENT', 'BPF_F_TEST_STATE_FREQ'], REG_INVARIANTS | 1 | 8],
    [['!BPF_F_TEST_REG_INVARIANTS'], 0],
    [['0x4', '!4', '32'], REG_INVARIANTS | 32],
  ])('__flag: %j', (flags, together) => {
    expect(read(...flags.map((flag) => `test_prog_flags=${flag}`)).flags).toBe(together)
  })

  test.each(['constructor', 'BPF_F_UNHEARD', '', '!'])('__flag(%s) is none', (flag) => {
    expect(() => read(`test_prog_flags=${flag}`)).toThrow(ConformanceError)
  })

  test('a message is all that follows its number, equals signs and digits included', () => {
    const { expectations } = read('test_expect_msg=17=R0=1 3=4', 'test_expect_msg=of 6.1, without a number')
    expect(expectations.full?.messages).toEqual(['R0=1 3=4', 'of 6.1, without a number'])
  })

  test('__regex of before 6.12 becomes a pattern; __not_msg is kept apart', () => {
    const { expectations } = read('test_expect_regex=frame[0-9]+', 'test_expect_not_msg=4=never')
    expect(expectations.full).toMatchObject({ messages: ['{{frame[0-9]+}}'], lacks: ['never'] })
  })

  test('description, level, paths, packet, capabilities', () => {
    const tags = ['test_description=a=b', 'test_log_level=2', 'test_btf_path=x.o', 'load_mode=jited']
    expect(read(...tags, 'test_linear_size=14', 'test_caps_unpriv=CAP_BPF|CAP_NET_ADMIN')).toMatchObject({
      description: 'a=b',
      logLevel: 2,
      btfPath: 'x.o',
      loadMode: 'jited',
      linearBytes: 14,
      capabilities: ['CAP_BPF', 'CAP_NET_ADMIN'],
    })
    expect(read().description).toBe('function')
  })
})

describe('architectures', () => {
  test('lines of machine code are those of the architecture before them', () => {
    const { architectures, expectations } = read(
      ...['test_arch=X86_64', 'test_jited=0=\tendbr64', 'test_jited=1=...'],
      ...['test_arch=ARM64', 'test_jited=2=\tbti c', 'test_expect_xlated=3=0: r0 = 1'],
    )
    expect(architectures).toEqual(['X86_64', 'ARM64'])
    expect(expectations.full).toMatchObject({ jited: ['\tendbr64', '...'], xlated: ['0: r0 = 1'] })
  })

  test('without one before them they are an error', () => {
    expect(() => read('test_jited=0=\tendbr64')).toThrow('__jited without an architecture before it')
  })
})

test('an unknown annotation is told, a tag of another kind is none', () => {
  expect(() => read('test_expect_miracle')).toThrow(
    expect.objectContaining({ code: 'CONFORMANCE_SOURCE', got: 'comment:test_expect_miracle' }),
  )
  expect(readAnnotations('f', ['arg:ctx', 'kptr'], 'X86_64').expectations.full?.loads).toBe(true)
})
