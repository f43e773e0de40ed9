/** The examples of C11 6.10.3: what each text becomes is the standard's own word. */
import { expect, it } from 'vitest'
import { expanded } from '../read-text.ts'

it('6.10.3.3, example: ## makes a token that is no operator', () => {
  const text = `
#define hash_hash # ## #
#define mkstr(a) # a
#define in_between(a) mkstr(a)
#define join(c, d) in_between(c hash_hash d)
char p[] = join(x, y);`
  expect(expanded(text)).toBe('char p [ ] = "x ## y" ;')
})

const EXAMPLE_3 = `
#define x 3
#define f(a) f(x * (a))
#undef x
#define x 2
#define g f
#define z z[0]
#define h g(~
#define m(a) a(w)
#define w 0,1
#define t(a) a
#define p() int
#define q(x) x
#define r(x,y) x ## y
#define str(x) # x
`

it.each([
  ['f(y+1) + f(f(z)) % t(t(g)(0) + t)(1);', 'f(2 * (y+1)) + f(2 * (f(2 * (z[0])))) % f(2 * (0)) + t(1);'],
  ['g(x+(3,4)-w) | h 5) & m\n(f)^m(m);', 'f(2 * (2+(3,4)-0,1)) | f(2 * (~ 5)) & f(2 * (0,1))^m(0,1);'],
  ['p() i[q()] = { q(1), r(2,3), r(4,), r(,5), r(,) };', 'int i[] = { 1, 23, 4, 5, };'],
  ['char c[2][6] = { str(hello), str() };', 'char c[2][6] = { "hello", "" };'],
])('6.10.3.5, example 3: %s', (call, result) => {
  expect(expanded(EXAMPLE_3 + call)).toBe(expanded(result))
})

const EXAMPLE_4 = `
#define str(s) # s
#define xstr(s) str(s)
#define debug(s, t) printf("x" # s "= %d, x" # t "= %s", \\
               x ## s, x ## t)
#define INCFILE(n) vers ## n
#define glue(a, b) a ## b
#define xglue(a, b) glue(a, b)
#define HIGHLOW "hello"
#define LOW LOW ", world"
`

it.each([
  ['debug(1, 2);', 'printf("x" "1" "= %d, x" "2" "= %s", x1, x2);'],
  [
    String.raw`fputs(str(strncmp("abc\0d", "abc", '\4') == 0) str(: @\n), s);`,
    String.raw`fputs("strncmp(\"abc\\0d\", \"abc\", '\\4') == 0" ": @\n", s);`,
  ],
  ['xstr(INCFILE(2).h)', '"vers2.h"'],
  ['glue(HIGH, LOW); xglue(HIGH, LOW)', '"hello"; "hello" ", world"'],
])('6.10.3.5, example 4: %s', (call, result) => {
  expect(expanded(EXAMPLE_4 + call)).toBe(expanded(result))
})

it('6.10.3.5, example 5: placemarkers', () => {
  const text = `
#define t(x,y,z) x ## y ## z
int j[] = { t(1,2,3), t(,4,5), t(6,,7), t(8,9,), t(10,,), t(,11,), t(,,12), t(,,) };`
  expect(expanded(text)).toBe(expanded('int j[] = { 123, 45, 67, 89, 10, 11, 12, };'))
})

it('6.10.3.5, example 7: variable arguments', () => {
  const text = `
#define debug(...) fprintf(stderr, __VA_ARGS__)
#define showlist(...) puts(#__VA_ARGS__)
#define report(test, ...) ((test)?puts(#test): printf(__VA_ARGS__))
debug("Flag"); debug("X = %d\\n", x);
showlist(The first, second, and third items.);
report(x>y, "x is %d but y is %d", x, y);`
  const result = `
fprintf(stderr, "Flag"); fprintf(stderr, "X = %d\\n", x);
puts("The first, second, and third items.");
((x>y)?puts("x>y"): printf("x is %d but y is %d", x, y));`
  expect(expanded(text)).toBe(expanded(result))
})

it('C23 6.10.5.1, example 8: __VA_OPT__', () => {
  const text = `
#define F(...) f(0 __VA_OPT__(,) __VA_ARGS__)
#define G(X, ...) f(0, X __VA_OPT__(,) __VA_ARGS__)
#define SDEF(sname, ...) S sname __VA_OPT__(= { __VA_ARGS__ })
#define EMP
F(a, b, c) F() F(EMP) G(a, b, c) G(a, ) G(a) SDEF(foo); SDEF(bar, 1, 2);`
  const result = `
f(0, a, b, c) f(0) f(0) f(0, a, b, c) f(0, a) f(0, a) S foo; S bar = { 1, 2 };`
  expect(expanded(text)).toBe(expanded(result))
})
