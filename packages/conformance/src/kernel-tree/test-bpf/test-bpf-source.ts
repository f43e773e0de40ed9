import { readSource, type TranslationUnit } from '@bpfoundry/c-source'
import { errorAt } from '../../conformance-error.ts'
import type { KernelTree } from '../kernel-tree.ts'

/** The file of this suite. */
export const TEST_BPF_FILE = 'lib/test_bpf.c'

/** Headers that are read as they are. Others lead on to all of the kernel; a tree that holds only the tests lacks them. */
const READ =
  /^include\/(linux\/filter|uapi\/linux\/(types|posix_types|bpf|bpf_common|filter|if_ether)|uapi\/asm-generic\/.*)\.h$/

/** What the tables take from the headers that are not read; stands for the first one that the file includes. */
const ENVIRONMENT = `
#include <linux/types.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <asm-generic/errno-base.h>
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;
typedef _Bool bool;
typedef __u64 netdev_features_t;
#define NULL ((void *)0)
#define true 1
#define false 0
#define __init
#define __initconst
#define __user
#define BIT(bit) (1UL << (bit))
#define S16_MAX 0x7fff
#define S32_MAX 0x7fffffff
#define S32_MIN (-S32_MAX - 1)
#define U32_MAX 0xffffffffU
#define cpu_to_le16(x) ((u16)(x))
#define cpu_to_le32(x) ((u32)(x))
#define cpu_to_le64(x) ((u64)(x))
#define cpu_to_be16(x) ((u16)(((u16)(x) << 8) | ((u16)(x) >> 8)))
#define cpu_to_be32(x) (((u32)cpu_to_be16(x) << 16) | cpu_to_be16((u32)(x) >> 16))
#define cpu_to_be64(x) (((u64)cpu_to_be32(x) << 32) | cpu_to_be32((u64)(x) >> 32))
`

/** What stands for a header: also for one that the kernel's build makes. */
const SUBSTITUTES: ReadonlyMap<string, string> = new Map([
  ['include/linux/init.h', ENVIRONMENT],
  ['include/asm/types.h', '#include <asm-generic/int-ll64.h>\n'],
])

/** What a network card can do: in tests that are no data. */
const FEATURES = [
  ...['SG', 'FRAGLIST', 'GSO', 'GSO_PARTIAL', 'GRO', 'LLTX'],
  ...['RXCSUM', 'IP_CSUM', 'IPV6_CSUM', 'HW_VLAN_CTAG_TX', 'HW_VLAN_STAG_TX'],
]

const DEFINES: Readonly<Record<string, string>> = {
  // include/linux/bpf.h; in results of tail-call tests.
  MAX_TAIL_CALL_CNT: '33',
  ...Object.fromEntries(FEATURES.map((name) => [`NETIF_F_${name}`, '0'])),
}

/**
 * lib/test_bpf.c with the kernel's macros for instructions, as a little-endian 64-bit kernel has it.
 *
 * @throws ConformanceError CONFORMANCE_SOURCE where the tree lacks it @throws CSourceError
 */
export function readTestBpfSource(tree: KernelTree): TranslationUnit {
  if (!tree.exists(TEST_BPF_FILE)) {
    throw errorAt(
      { file: TEST_BPF_FILE, line: 1 },
      { code: 'CONFORMANCE_SOURCE', message: 'no such file in the kernel tree' },
    )
  }
  return readSource(TEST_BPF_FILE, {
    read: (path) => SUBSTITUTES.get(path) ?? (path === TEST_BPF_FILE || READ.test(path) ? tree.read(path) : undefined),
    includePaths: ['include', 'include/uapi'],
    defines: DEFINES,
    missingIncludes: 'ignore',
  })
}
