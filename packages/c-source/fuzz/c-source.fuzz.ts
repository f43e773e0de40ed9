import { CSourceError, readSource } from '../src/index.ts'

export const name = 'c-source'

/** Any text: it is read, and what of it has no value is one located error. */
export function fuzzOnce(input: Uint8Array): void {
  const text = new TextDecoder().decode(input)
  attempt(() => {
    const read = (path: string): string | undefined => (path === 'a.c' || path === 'a.h' ? text : undefined)
    const unit = readSource('a.c', { read, includePaths: [''] })
    for (const problem of unit.problems) locate(problem)
    for (const [variable, { type }] of unit.variables) {
      attempt(() => void unit.valueOf(variable))
      if (type.kind === 'array' && type.length !== undefined && type.length < 0) throw new Error('a negative length')
    }
    for (const { asm = [] } of unit.definitions) {
      for (const { inputs, outputs } of asm) {
        for (const { expression } of [...inputs, ...outputs]) attempt(() => void unit.evaluate(expression))
      }
    }
    attempt(() => void unit.evaluateText(text))
  })
}

function attempt(action: () => void): void {
  try {
    action()
  } catch (error) {
    locate(error)
  }
}

function locate(error: unknown): void {
  if (!(error instanceof CSourceError) || error.where?.source === undefined) throw error
}

const TEXTS = [
  '#define A(x, ...) #x x ## 1 __VA_OPT__(,) __VA_ARGS__\n#if defined A && !(1 > 2u)\nchar *s[] = { A(b, c) A() };\n#else\n#endif\n',
  'struct s { unsigned code : 8, dst : 4, : 0; union { short a; long b[2]; }; struct s *next; } x = { .dst = 3, .b = { [1] = 5 } };\n',
  'enum { N = sizeof(struct t { char c; int i; }) }; int a[N] = { [0 ... 2] = 1, 2 }; long *p = &((long *)0)[3];\n',
  'static __attribute__((section("x"), naked)) void f(void) { asm volatile ("r0 = 0;" : : [n]"i"(1 + 2), "r"(f) : "r0"); }\n',
  'typedef int (*fn)(int, char *[3]); fn g(void); const int k = (int)0xcafe4all >> 3; int y = k ? -k : ~k % 7;\n',
  'typeof(int) *(*const v)[2] = (void *)1; int z = *(int *)&(short[]){ 1, 2 }; _Static_assert(sizeof(z) == 4, "no");\n',
  '#include "a.h"\n#pragma once\n#undef B\n#ifdef B\n#elif 1\n#define B() B\nint b = 1; /* c */ // d\\\ne\n#endif\n',
  "int c = 'ab' + L'x' + '\\x41\\n' + __LINE__; char d[4] = \"a\\0\" \"b\"; int e[] = { 1, { 2 }, { } };\n",
]

export const seeds = (): Uint8Array[] => TEXTS.map((text) => new TextEncoder().encode(text))
