/**
 * Headers that are in no kernel tree: those of the C library and the compiler, as far as the test programs' declarations
 * need them, and what the kernel's build generates. A tree's own file of the name goes first where there is one.
 */

import { KERNEL_INTEGERS } from '../kernel-integers.ts'

const INTEGERS = [
  [8, 'signed char', 'unsigned char'],
  [16, 'short', 'unsigned short'],
  [32, 'int', 'unsigned int'],
] as const

/** The C library's names: 64 bits are long. */
const STDINT = [...INTEGERS, [64, 'long', 'unsigned long'] as const]
  .map(([bits, signed, unsigned]) => `typedef ${signed} int${bits}_t;\ntypedef ${unsigned} uint${bits}_t;\n`)
  .join('')

/** The kernel's names: 64 bits are long long. */
const INT_LL64 = [...INTEGERS, [64, 'long long', 'unsigned long long'] as const]
  .map(([bits, signed, unsigned]) => `typedef ${signed} __s${bits};\ntypedef ${unsigned} __u${bits};\n`)
  .join('')

const STDDEF = '#define NULL ((void *)0)\n#define offsetof(type, member) ((unsigned long)&((type *)0)->member)\n'

const LIMITS = [
  ['CHAR_BIT', '8'],
  ['SHRT_MAX', '32767'],
  ['SHRT_MIN', '(-SHRT_MAX - 1)'],
  ['INT_MAX', '2147483647'],
  ['INT_MIN', '(-INT_MAX - 1)'],
  ['UINT_MAX', '4294967295U'],
  ['LONG_MAX', '9223372036854775807L'],
  ['LONG_MIN', '(-LONG_MAX - 1L)'],
  ['ULONG_MAX', '18446744073709551615UL'],
  ['LLONG_MAX', '9223372036854775807LL'],
  ['LLONG_MIN', '(-LLONG_MAX - 1LL)'],
  ['ULLONG_MAX', '18446744073709551615ULL'],
]
  .map(([name, value]) => `#undef ${name}\n#define ${name} ${value}\n`)
  .join('')

/**
 * vmlinux.h where no text of one is given: what of the kernel's types is user space's, too, and contexts of programs
 * that are alike in every kernel (registers are those of x86-64). Other types stay unknown, and the functions that need
 * them can't be made.
 */
const VMLINUX = `#include <linux/types.h>
#include <linux/bpf.h>
#include <linux/btf.h>
typedef _Bool bool;
enum { false = 0, true = 1 };
${KERNEL_INTEGERS}typedef unsigned long size_t;
struct bpf_nf_ctx { const struct nf_hook_state *state; struct sk_buff *skb; };
struct bpf_perf_event_data { unsigned long regs[21]; __u64 sample_period; __u64 addr; };
`

/** By name, as `#include <name>` has it. */
export const SUBSTITUTE_HEADERS: ReadonlyMap<string, string> = new Map([
  ['stddef.h', `typedef unsigned long size_t;\n${STDDEF}`],
  ['stdbool.h', '#define bool _Bool\n#define true 1\n#define false 0\n'],
  ['stdint.h', STDINT],
  ['asm-generic/int-ll64.h', INT_LL64],
  ['limits.h', LIMITS],
  ['linux/limits.h', '#define NAME_MAX 255\n#define PATH_MAX 4096\n'],
  ['errno.h', '#include <asm-generic/errno.h>\n'],
  ['string.h', 'typedef unsigned long size_t;\n'],
  ['time.h', 'typedef long time_t;\n'],
  ['sys/socket.h', ''],
  ['sys/types.h', ''],
  ['vmlinux.h', VMLINUX],
])
