import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { lookup, PASS, type VerifierCase } from '../support/case.ts'
import type { CaseFunction, CaseType } from '../support/functions.ts'

const CONTEXT: CaseType = { struct: 'xdp_md', bytes: 24 }
const MAIN: CaseFunction = { name: 'main', args: [CONTEXT] }
const takes = (...args: readonly CaseType[]): readonly CaseFunction[] => [MAIN, { name: 'f', args }]
const EIGHT: CaseType = { struct: 'pair', bytes: 8 }

export const GLOBAL_FUNCTION_CASES: readonly VerifierCase[] = [
  { name: 'a function of nothing', asm: `call f${PASS}\nf: r0 = 1\nexit`, functions: takes() },
  {
    name: 'its result is any number',
    asm: `call f\nr1 = r10\nr1 += r0\nr0 = *(u8 *)(r1 + 0)${PASS}\nf: r0 = 1\nexit`,
    functions: takes(),
  },
  {
    name: 'a main function of any pointer',
    asm: `call f${PASS}\nf: r0 = 1\nexit`,
    functions: [{ name: 'main', args: ['void *'] }, ...takes().slice(1)],
  },
  {
    name: 'a main function of six arguments',
    asm: `call f${PASS}\nf: r0 = 1\nexit`,
    functions: [{ name: 'main', args: ['int', 'int', 'int', 'int', 'int', 'int'] }, ...takes().slice(1)],
  },
  {
    name: 'a main function that returns nothing',
    asm: `call f${PASS}\nf: r0 = 1\nexit`,
    functions: [{ name: 'main', args: [CONTEXT], returns: 'void' }, ...takes().slice(1)],
  },
  { name: 'a number', asm: `r1 = 5\ncall f${PASS}\nf: r0 = r1\nexit`, functions: takes('int') },
  {
    name: 'a number is not known inside',
    asm: `r1 = 0\ncall f${PASS}\nf: r2 = r10\nr2 += r1\nr0 = *(u8 *)(r2 - 1)\nexit`,
    functions: takes('int'),
  },
  { name: 'a pointer for a number', asm: `r1 = r10\ncall f${PASS}\nf: r0 = 0\nexit`, functions: takes('int') },
  {
    name: 'nothing for a number',
    asm: `call f${PASS}\nf: r0 = 0\nexit`,
    functions: [MAIN, { name: 'f', args: ['int', 'int'] }],
  },
  { name: 'the context', asm: `call f${PASS}\nf: r0 = *(u32 *)(r1 + 12)\nexit`, functions: takes(CONTEXT) },
  {
    name: 'a number for the context',
    asm: `r1 = 0\ncall f${PASS}\nf: r0 = *(u32 *)(r1 + 12)\nexit`,
    functions: takes(CONTEXT),
  },
  {
    name: 'a moved context',
    asm: `r1 += 4\ncall f${PASS}\nf: r0 = *(u32 *)(r1 + 12)\nexit`,
    functions: takes(CONTEXT),
  },
  {
    name: 'the context of other programs',
    asm: `call f${PASS}\nf: r0 = 0\nexit`,
    functions: takes({ struct: '__sk_buff', bytes: 192 }),
  },
  {
    name: 'memory without a look whether it is there',
    asm: `*(u64 *)(r10 - 8) = 0\nr1 = r10\nr1 += -8\ncall f${PASS}\nf: r0 = *(u64 *)(r1 + 0)\nexit`,
    functions: takes(EIGHT),
  },
  {
    name: 'memory',
    asm: `*(u64 *)(r10 - 8) = 0\nr1 = r10\nr1 += -8\ncall f${PASS}\nf: r0 = 0\nif r1 == 0 goto out\nr0 = *(u64 *)(r1 + 0)\n*(u64 *)(r1 + 0) = 7\nout: exit`,
    functions: takes(EIGHT),
  },
  ...[PROG_TYPE.XDP, PROG_TYPE.KPROBE, PROG_TYPE.TRACEPOINT, PROG_TYPE.RAW_TRACEPOINT, PROG_TYPE.CGROUP_DEVICE].map(
    (type) => ({
      name: `the context of a program of type ${type} for memory`,
      asm: `call f${PASS}\nf: r0 = 0\nexit`,
      functions: takes(EIGHT),
      type,
    }),
  ),
  {
    name: 'a moved context for memory',
    asm: `r1 += 8\ncall f${PASS}\nf: r0 = 0\nexit`,
    functions: takes(EIGHT),
    type: PROG_TYPE.KPROBE,
  },
  {
    name: 'past the memory',
    asm: `*(u64 *)(r10 - 8) = 0\nr1 = r10\nr1 += -8\ncall f${PASS}\nf: r0 = 0\nif r1 == 0 goto out\nr0 = *(u64 *)(r1 + 4)\nout: exit`,
    functions: takes(EIGHT),
  },
  {
    name: 'too little memory',
    asm: `*(u32 *)(r10 - 4) = 0\nr1 = r10\nr1 += -4\ncall f${PASS}\nf: r0 = 0\nexit`,
    functions: takes(EIGHT),
  },
  { name: 'NULL for memory', asm: `r1 = 0\ncall f${PASS}\nf: r0 = 0\nexit`, functions: takes(EIGHT) },
  {
    name: 'memory that may be NULL',
    asm: `${lookup('hash')}\nr1 = r0\ncall f${PASS}\nf: r0 = 0\nexit`,
    functions: takes(EIGHT),
  },
  {
    name: 'memory that must be there',
    asm: `*(u64 *)(r10 - 8) = 0\nr1 = r10\nr1 += -8\ncall f${PASS}\nf: r0 = *(u64 *)(r1 + 0)\nexit`,
    functions: [MAIN, { name: 'f', args: [EIGHT], tags: [[0, 'arg:nonnull']] }],
  },
  {
    name: 'memory that must be there, but may be NULL',
    asm: `${lookup('hash')}\nr1 = r0\ncall f${PASS}\nf: r0 = *(u64 *)(r1 + 0)\nexit`,
    functions: [MAIN, { name: 'f', args: [EIGHT], tags: [[0, 'arg:nonnull']] }],
  },
  {
    name: 'a tag on a number',
    asm: `r1 = 0\ncall f${PASS}\nf: r0 = 0\nexit`,
    functions: [MAIN, { name: 'f', args: ['int'], tags: [[0, 'arg:nonnull']] }],
  },
  {
    name: 'an unknown tag',
    asm: `r1 = 0\ncall f${PASS}\nf: r0 = 0\nexit`,
    functions: [MAIN, { name: 'f', args: [EIGHT], tags: [[0, 'arg:odd']] }],
  },
  {
    name: 'a tagged context',
    asm: `call f${PASS}\nf: r0 = *(u32 *)(r1 + 12)\nexit`,
    functions: [MAIN, { name: 'f', args: ['void *'], tags: [[0, 'arg:ctx']] }],
  },
  {
    name: 'a tagged context of other programs',
    asm: `call f${PASS}\nf: r0 = 0\nexit`,
    functions: [MAIN, { name: 'f', args: [{ struct: '__sk_buff', bytes: 192 }], tags: [[0, 'arg:ctx']] }],
  },
  {
    name: 'a context with two tags',
    asm: `call f${PASS}\nf: r0 = 0\nexit`,
    functions: [
      MAIN,
      {
        name: 'f',
        args: [CONTEXT],
        tags: [
          [0, 'arg:ctx'],
          [0, 'arg:nonnull'],
        ],
      },
    ],
  },
  { name: 'a pointer to nothing', asm: `r1 = 0\ncall f${PASS}\nf: r0 = 0\nexit`, functions: takes('void *') },
  {
    name: 'a pointer to an unknown struct',
    asm: `r1 = 0\ncall f${PASS}\nf: r0 = 0\nexit`,
    functions: takes('forward *'),
  },
  {
    name: 'six arguments',
    asm: `r1 = 0\ncall f${PASS}\nf: r0 = 0\nexit`,
    functions: takes('int', 'int', 'int', 'int', 'int', 'int'),
  },
  {
    name: 'a function that returns nothing',
    asm: `call f${PASS}\nf: r0 = 0\nexit`,
    functions: [MAIN, { name: 'f', args: [], returns: 'void' }],
  },
  { name: 'a function that returns a pointer', asm: `call f${PASS}\nf: r0 = r10\nexit`, functions: takes() },
  { name: 'a function that returns what it was not given', asm: `call f${PASS}\nf: exit`, functions: takes() },
  {
    name: 'a function that is wrong inside',
    asm: `r1 = 1\ncall f${PASS}\nf: r0 = *(u8 *)(r1 + 0)\nexit`,
    functions: takes('int'),
  },
  {
    name: 'a function that nobody calls',
    asm: `goto out\ncall f\nout:${PASS}\nf: r0 = *(u8 *)(r1 + 0)\nexit`,
    functions: takes('int'),
  },
  {
    name: 'a function that calls a function',
    asm: `r1 = 1\ncall f${PASS}\nf: r1 = 2\ncall g\nexit\ng: r0 = r1\nexit`,
    functions: [...takes('int'), { name: 'g', args: ['int'] }],
  },
  {
    name: 'a function whose function is wrong',
    asm: `r1 = 1\ncall f${PASS}\nf: r1 = 2\ncall g\nexit\ng: r0 = r2\nexit`,
    functions: [...takes('int'), { name: 'g', args: ['int'] }],
  },
  {
    name: 'a static function called by a global one',
    asm: `r1 = 1\ncall f${PASS}\nf: r1 = 2\ncall g\nexit\ng: r0 = r1\nexit`,
    functions: [...takes('int'), { name: 'g', args: ['int'], linkage: 'static' }],
  },
  {
    name: 'a static function is followed',
    asm: `r1 = r10\ncall f${PASS}\nf: r0 = 0\n*(u64 *)(r1 - 8) = 1\nexit`,
    functions: [MAIN, { name: 'f', args: [EIGHT], linkage: 'static' }],
  },
  {
    name: 'a reference left by a function',
    asm: `call f${PASS}\nf: r1 = ring ll\nr2 = 8\nr3 = 0\ncall 131\nr0 = 0\nexit`,
    functions: takes(),
  },
  {
    name: 'a function that moves the packet',
    asm: `r6 = r1\nr7 = *(u32 *)(r1 + 0)\nr8 = *(u32 *)(r1 + 4)\nr2 = r7\nr2 += 4\nif r2 > r8 goto out\ncall f\nr0 = *(u8 *)(r7 + 0)\nout:${PASS}\nf: r2 = 0\ncall 44\nr0 = 0\nexit`,
    functions: takes(CONTEXT),
  },
  {
    name: 'a function that leaves the packet alone',
    asm: `r6 = r1\nr7 = *(u32 *)(r1 + 0)\nr8 = *(u32 *)(r1 + 4)\nr2 = r7\nr2 += 4\nif r2 > r8 goto out\ncall f\nr0 = *(u8 *)(r7 + 0)\nout:${PASS}\nf: r0 = 0\nexit`,
    functions: takes(CONTEXT),
  },
  {
    name: 'a loop over a function',
    asm: `r6 = 0\nnext: r1 = r6\ncall f\nr6 += 1\nif r6 < 3 goto next${PASS}\nf: r0 = r1\nexit`,
    functions: takes('int'),
  },
  {
    name: 'a function on control group packets',
    asm: `call f\nr0 = 1\nexit\nf: r0 = *(u32 *)(r1 + 0)\nexit`,
    type: PROG_TYPE.CGROUP_SKB,
    functions: [
      { name: 'main', args: [{ struct: '__sk_buff', bytes: 192 }] },
      { name: 'f', args: [{ struct: '__sk_buff', bytes: 192 }] },
    ],
  },
  {
    name: 'a number that counts, asked for back to the first instruction',
    asm: [
      'r6 = r1\nr0 = *(u32 *)(r6 + 12)\nif r0 > 5 goto a\nr0 += 1\na: if r0 > 3 goto b\nr0 += 1',
      `b: r7 = 1\nr7 = 2\nr7 = 3\nr7 = 4\nr1 = r6\nr2 = 3\ncall f${PASS}`,
      'f: if r2 > 20 goto out\nr3 = *(u32 *)(r1 + 0)\nr3 += r2\nout: r0 = 0\nexit',
    ].join('\n'),
    functions: takes(CONTEXT, 'int'),
  },
]
