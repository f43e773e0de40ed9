import { describe, expect, it } from 'vitest'
import type { CType } from '../../src/index.ts'
import { readSource } from '../../src/index.ts'
import { complaint, optionsFor, plain, unitOf } from '../read-text.ts'

/** A type in words, from the outside in, as cdecl says it. */
function words(type: CType): string {
  switch (type.kind) {
    case 'void':
      return 'void'
    case 'pointer':
      return `pointer${type.typeTags.map((tag) => `<${tag}>`).join('')} to ${words(type.target)}`
    case 'array':
      return `array ${type.length ?? ''} of ${words(type.element)}`
    case 'function':
      return `function (${[...type.parameters.map((one) => words(one.type)), ...(type.variadic ? ['...'] : [])].join(', ')}) returning ${words(type.result)}`
    case 'const':
    case 'volatile':
    case 'restrict':
      return `${type.kind} ${words(type.target)}`
    case 'struct':
    case 'union':
    case 'enum':
      return `${type.kind} ${type.tag}`
    default:
      return type.name
  }
}

describe('types', () => {
  // biome-ignore format: table
  it.each([
    ['int *x;',                                  'pointer to int'],
    ['int *x[3];',                               'array 3 of pointer to int'],
    ['int (*x)[3];',                             'pointer to array 3 of int'],
    ['int (*x)(void);',                          'pointer to function () returning int'],
    ['int *(*x[2])(char, ...);',                 'array 2 of pointer to function (char, ...) returning pointer to int'],
    ['void (*x(int a, char *b[]))(short);',      'function (int, pointer to pointer to char) returning pointer to function (short) returning void'],
    ['const char *const volatile x;',            'volatile const pointer to const char'],
    ['char const *restrict x;',                  'restrict pointer to const char'],
    ['unsigned long long int x;',                'unsigned long long'],
    ['long unsigned x;',                         'unsigned long'],
    ['signed x;',                                'int'],
    ['__signed__ char x;',                       'signed char'],
    ['short signed int x;',                      'short'],
    ['_Bool x;',                                 '_Bool'],
    ['unsigned __int128 x;',                     'unsigned __int128'],
    ['typedef int t; t x;',                      't'],
    ['typedef int t; struct { t t; } y; t x;',   't'],
    ['struct s *x;',                             'pointer to struct s'],
    ['enum e { A } x;',                          'enum e'],
    ['typeof(int) *x;',                          'pointer to int'],
    ['int y[2]; typeof(y) x;',                   'array 2 of int'],
    ['int y[2]; __typeof__(&y[0]) x;',           'pointer to int'],
    ['extern int x[];',                          'array  of int'],
    ['int x[2 + 1][1 << 2];',                    'array 3 of array 4 of int'],
    ['int x(int a[static 3], int f(void), int n, int v[n]);', 'function (pointer to int, pointer to function () returning int, int, pointer to int) returning int'],
    ['struct s; struct s __attribute__((btf_type_tag("kptr"))) *x;', 'pointer<kptr> to struct s'],
    ['int (*x)[5], *y;',                         'pointer to array 5 of int'],
    ['__extension__ static inline __attribute__((always_inline)) int x(void);', 'function () returning int'],
    ['int __attribute__((aligned(4))) (*x) __attribute__((unused));', 'pointer to int'],
  ])('%s', (text, type) => {
    const unit = unitOf(text)
    const found = unit.variables.get('x') ?? unit.functions.get('x')
    expect(words(found?.type as CType)).toBe(type)
  })

  it('are found by tag, name and enumerator', () => {
    const unit = unitOf('struct s { int a; }; union u { int a; }; enum e { A }; typedef struct s t;')
    const kinds = ['struct s', 'union u', 'enum e', 't', 'A', 'int', 'unsigned long', 'void', 's', 'none']
    expect(kinds.map((name) => unit.type(name)?.kind)).toEqual([
      'struct',
      'union',
      'enum',
      'typedef',
      'enum',
      'integer',
      'integer',
      'void',
      undefined,
      undefined,
    ])
  })
})

describe('functions', () => {
  it('gather the attributes of all declarations; bodies are skipped, in order', () => {
    const text = `
      __attribute__((section("xdp"), __naked__)) int g(void);
      static int f(int a) { if (a) { return g(); } return '}'; }
      __attribute__((btf_decl_tag("comment:test"))) int g(void) { return "}"[0]; }
      extern int h(void) __attribute__((section(".ksyms"))), i;
      int j;`
    const unit = unitOf(text)
    expect(unit.definitions.map(({ name, storage, asm }) => [name, storage, asm])).toEqual([
      ['f', 'static', undefined],
      ['g', 'none', undefined],
    ])
    const attributes = unit.functions.get('g')?.attributes.map((one) => [one.name, ...one.arguments.map(plain)])
    expect(attributes).toEqual([['section', 'xdp'], ['naked'], ['btf_decl_tag', 'comment:test']])
    expect(unit.functions.get('h')).toMatchObject({ storage: 'extern', attributes: [{ name: 'section' }] })
    expect([...unit.variables.keys()]).toEqual(['i', 'j'])
  })

  it('of asm statements give them, operands unevaluated', () => {
    const text = `
      #define __imm(name) [name]"i"(name)
      enum { helper = 7 };
      void f(void)
      {
        asm volatile ("r0 = 0;\\n" "call %[helper];"
          : "=r"(helper), [out]"=m"(*(int *)0)
          : __imm(helper), "r"(1 ? 2 : 3)
          : "r0", "memory");
        __asm__ ("exit" ::: "r1");
      }`
    const asm = unitOf(text).definitions[0]?.asm
    expect(asm?.map(({ template, clobbers, span }) => [template, clobbers, span.line])).toEqual([
      ['r0 = 0;\ncall %[helper];', ['r0', 'memory'], 6],
      ['exit', ['r1'], 10],
    ])
    expect(asm?.[0]?.outputs.map(({ name, constraint }) => [name, constraint])).toEqual([
      ['', '=r'],
      ['out', '=m'],
    ])
    expect(asm?.[0]?.inputs.map(({ name, constraint }) => [name, constraint])).toEqual([
      ['helper', 'i'],
      ['', 'r'],
    ])
  })

  it.each([
    ['asm goto', 'void f(void) { asm goto ("x" : : : : label); label: ; }'],
    ['asm and C', 'void f(void) { asm ("x"); return; }'],
    ['nothing', 'void f(void) { }'],
  ])('%s is no body of asm', (_, text) => {
    expect(unitOf(text).definitions[0]?.asm).toBeUndefined()
  })
})

describe('variables', () => {
  it('have storage, attributes, and an initialiser or none', () => {
    const unit = unitOf(
      'static int a = 1; extern int b; int c __attribute__((section(".maps"))); int d[2] = { 1 }, *e = &a; extern int a;',
    )
    expect(
      [...unit.variables.values()].map(({ name, storage, hasInitializer }) => [name, storage, hasInitializer]),
    ).toEqual([
      ['a', 'static', true],
      ['b', 'extern', false],
      ['c', 'none', false],
      ['d', 'none', true],
      ['e', 'none', true],
    ])
    expect(unit.variables.get('c')?.attributes[0]).toMatchObject({ name: 'section' })
  })

  it('may be map definitions', () => {
    const text = `
      #define __uint(name, val) int (*name)[val]
      #define __type(name, val) typeof(val) *name
      #define __array(name, val) typeof(val) *name[]
      struct { __uint(type, 1); __uint(max_entries, 8 * 4); __type(key, unsigned); __array(values, struct { int a; }); } m
        __attribute__((section(".maps"), used)) = { .values = { [0] = (void *)&m } };`
    const { type } = unitOf(text).variables.get('m') as { type: CType }
    const members = type.kind === 'struct' ? (type.members ?? []) : []
    expect(members.map((member) => `${member.name}: ${words(member.type)}`)).toEqual([
      'type: pointer to array 1 of int',
      'max_entries: pointer to array 32 of int',
      'key: pointer to unsigned int',
      'values: array  of pointer to struct ',
    ])
    expect(plain(unitOf(text).valueOf('m'))).toEqual({ values: ['&m'] })
  })
})

describe('what can not be read', () => {
  // biome-ignore format: table
  it.each([
    ['an unknown type',             'foo x;',                                   'C_NAME 1:1'],
    ['a type without a name',       'int;  3;',                                 'C_NAME 1:7'],
    ['no name',                     'int *;',                                   'C_SYNTAX 1:6'],
    ['no semicolon',                'int x int y;',                             'C_SYNTAX 1:7'],
    ['a brace that stays open',     'struct s { int a;',                        'C_SYNTAX 1:18'],
    ['a tag defined twice',         'struct s { int a; }; struct s { int b; };', 'C_NAME 1:29'],
    ['a member of unknown size',    'struct t; struct s { struct t a; };',      'C_NAME 1:22'],
    ['a bit-field too wide',        'struct s { int a : 33; };',                'C_VALUE 1:20'],
    ['a length that is no constant', 'int n; int x[n];',                        'C_VALUE 1:14'],
    ['words that are no type',      'long long long x;',                        'C_SYNTAX 1:1'],
    ['a failed assertion',          '_Static_assert(1 == 2, "oh");',            'C_VALUE 1:1'],
    ['old-style parameters',        'int f(a) int a; { }',                      'C_NAME 1:7'],
  ])('%s is told with its place', (_, text, told) => {
    expect(complaint(text)).toBe(told)
  })

  it('is skipped to the next declaration, each with its own problem', () => {
    const text = 'foo a; int b = 1; bar f(int x) { return x; } int c = 2; struct s { baz d; } e; int g = 3;'
    const unit = readSource('a.c', optionsFor(text))
    expect(unit.problems.map((problem) => String((problem as { got?: string }).got))).toEqual(['foo', 'bar', 'baz'])
    expect(['b', 'c', 'g'].map((name) => plain(unit.valueOf(name)))).toEqual([1, 2, 3])
  })
})
