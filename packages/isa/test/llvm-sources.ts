/** Sources that clang's integrated assembler takes; the golden file has its bytes. */
export const ACCEPTED: readonly string[] = `
r1 = -5
r1=-5
r1 = 0xffffffff
r1 = 4294967295
r1 = -0x80000000
r1 = 010
r1 = 0b11
r1 = 5ll
r1 = 5 ll
r1 = 5  ll
r1 =5 ll
r1 = -1 ll
r1 = 0xffffffffffffffff ll
r1 = 0x123456789abcdef0 ll
w1 = 0xffffffff
r1 += 0x80000000
r1+=-5
r1 s>>= 5
r1 s/= r2
w1 s%= 7
r1 = r2
w1 = w2
w1 = w2 # hi
w1 = w2 // hi
r11 = 1
r1 = -r1
w3 = -w3
r1 = (s8)r2
r1 = (s8) r2
r1 = (s32)r2
w1 = (s16)w2
r1 = be16 r1
r1 = le64 r1
r1 = bswap32 r1
r1 = *(u32*)(r10 - 4 + 2)
r1 = *(u32 *)(r10 + 4)
w1 = *(u32*)(r10+4)
w1 = *(u8 *)(r10 + 4)
r1 = *(u64 *)(r10 - 8)
r1 = *(s8 *)(r10 - 1)
*(u32 *)(r1 + 0) = w2
*(u32 *)(r1 + 0) = r2
*(u64 *)(r1 + 0) = r2
*(u8 *)(r1 + 0) = -1
*(u32*)(r10-4)=-5
*(u64 *)(r1 + 0) = 0x7fffffff
*(u64 *)(r1 + 0) = 0xffffffff
lock *(u64 *)(r1 + 0) += r2
lock *(u32 *)(r1+0) += r2
lock *(u32 *)(r1+0) += w2
lock *(u64 *)(r1 - 8) ^= r2
lock *(u32 *)(r1 - 8) &= w2
r2 = atomic_fetch_or((u64 *)(r1 + 0), r2)
w2 = atomic_fetch_add((u32 *)(r1 + 8), w2)
w2 = xchg32_32(r1 + 0, w2)
r2 = xchg_64(r1 - 8, r2)
r0 = cmpxchg_64(r1 + 0, r0, r2)
w0 = cmpxchg32_32(r1 + 0, w0, w2)
if r1 & 5 goto +1
if r1 == 0 goto 5
if r1 == 0xffffffff goto +1
if r1 s> -1 goto -3
if w1 s<= w2 goto +0x10
goto 1
goto -1
goto +0x10
gotol +5
may_goto +1
1: goto 1b
goto 1f; 1: exit
.Ll1:r1=r2;exit
.Lx: goto .Lx
call 5
call 5 // x
call 5 + 1
call 0xffffffff
callx r1
exit
.8byte 0x95
.byte 0xe5; .byte 0; .short -3; .long 0
.long 0x95, 0
.rept 3; r0 += 1; .endr
*(u8*)(r1 8) = r0
.quad 0x95
/* c */ r1 = 5 /* d */
r1 = 1 << 4
r1 = -5 + 3
r1 = 2 + 3 * 4 - 6 / 2
r1 = 1 + 1 | 1
r1 = 1 << 2 + 1
r1 = 6 ^ 3 & 2
r1 = 3 - 1 - 1
r1 = 7 & (1 + 2)
r1 = 100 >> 2 % 3
r0 = *(u8 *)skb[0xfffffff0]
r0 = *(u16 *)skb[12]
r0 = *(u32 *)skb[r7]
r1 = addr_space_cast(r2, 0, 1)
r1 = addr_space_cast(r2, 1, 0)
ld_pseudo r1, 2, 5
r1 = 0x5 ll; goto -3
w0 = w0; goto +0x0`
  .trim()
  .split('\n')

/**
 * Sources that are errors, by which code and at which column. False: clang does not refuse it but crashes, or cuts the
 * number without a word.
 */
// biome-ignore format: table
export const REFUSED: readonly (readonly [source: string, code: string, column: number, judged?: boolean])[] = [
  ['r1 = r2 + 1',                                   'ISA_SYNTAX',       9],
  ['r1 = -r2',                                      'ISA_NO_SUCH_INSN', 7],
  ['r1 = -w1',                                      'ISA_NO_SUCH_INSN', 7],
  ['r1 = w2',                                       'ISA_SYNTAX',       6],
  ['r1 s>= r2',                                     'ISA_SYNTAX',       4],
  ['r1 = *(u16 *)(r1 + 40000)',                     'ISA_IMMEDIATE',    18],
  ['r1 = be16 r2',                                  'ISA_NO_SUCH_INSN', 11],
  ['w1 = bswap16 w1',                               'ISA_SYNTAX',       1],
  ['*(u64 *)(r1 + 0) += r2',                        'ISA_SYNTAX',       18],
  ['r2 = atomic_fetch_add((u32 *)(r1+0), r2)',      'ISA_SYNTAX',       1],
  ['r2 = xchg32_32(r1 + 0, r2)',                    'ISA_SYNTAX',       1],
  ['r0 = *(u8 *)skb[]',                             'ISA_SYNTAX',       17],
  ['r0 = *(u64 *)skb[1]',                           'ISA_NO_SUCH_INSN', 8],
  ['r3 = *(u8 *)skb[1]',                            'ISA_SYNTAX',       1],
  ['w1 = (s32)w2',                                  'ISA_NO_SUCH_INSN', 7],
  ['w1 = *(s8 *)(r2 + 0)',                          'ISA_SYNTAX',       1],
  ['r1 = *(s64 *)(r2 + 0)',                         'ISA_NO_SUCH_INSN', 8],
  ['w1 = *(u64 *)(r2 + 0)',                         'ISA_SYNTAX',       1],
  ['*(u64 *)(r1 + 0) = w2',                         'ISA_SYNTAX',       20],
  ['call r1',                                       'ISA_LABEL',        6],
  ['if r1 == w2 goto +1',                           'ISA_SYNTAX',       10],
  ['r3 = cmpxchg_64(r1 + 0, r3, r2)',               'ISA_SYNTAX',       1],
  ['goto 40000',                                    'ISA_IMMEDIATE',    6],
  ['goto',                                          'ISA_SYNTAX',       5],
  ['goto nowhere',                                  'ISA_LABEL',        6],
  ['goto 1f',                                       'ISA_LABEL',        6],
  ['r1 = map ll',                                   'ISA_LABEL',        6],
  ['nop',                                           'ISA_SYNTAX',       1],
  ['exit r0',                                       'ISA_SYNTAX',       6],
  ['r1 = 1 ll ll',                                  'ISA_SYNTAX',       11],
  ['r12 = 1',                                       'ISA_SYNTAX',       1],
  ['r1 ? 1',                                        'ISA_SYNTAX',       4],
  ['r1s>>=5',                                       'ISA_SYNTAX',       1],
  ['ifr1==5 goto +1',                               'ISA_SYNTAX',       1],
  ['r1 = 0x1ffffffff',                              'ISA_IMMEDIATE',    6, false],
  ['r1 = 089',                                      'ISA_SYNTAX',       6],
  ['r1 = 1 / 0',                                    'ISA_IMMEDIATE',    8, false],
  ['r1 = foo',                                      'ISA_SYNTAX',       9, false],
  ['.byte 256',                                     'ISA_IMMEDIATE',    7],
  ['.asciz "x"',                                    'ISA_SYNTAX',       8, false],
  ['.section xdp',                                  'ISA_SYNTAX',       1, false],
  ['.byte 1; exit',                                 'ISA_SYNTAX',       9, false],
  ['.rept 3; exit',                                 'ISA_SYNTAX',       1, false],
  ['.rept 9999999; exit; .endr',                    'ISA_SYNTAX',       1, false],
]
