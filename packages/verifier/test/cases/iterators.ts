import { ATTACH_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { BoundCase } from './bound-programs.ts'

/** The program goes on with argument `index` in r6, which is there. */
function element(name: string, attachTo: string, index: number, asm: string): BoundCase {
  const load = `r6 = *(u64 *)(r1 + ${8 * index})\nif r6 == 0 goto out\n`
  return iterator(`${attachTo}: ${name}`, attachTo, `${load}${asm}\nout:`)
}

function iterator(name: string, attachTo: string, asm: string): BoundCase {
  return { name, attachTo, asm: `${asm}\nr0 = 0\nexit`, type: PROG_TYPE.TRACING, attachType: ATTACH_TYPE.TRACE_ITER }
}

const OPTION = 'r1 = r6\nr2 = 1\nr3 = 2\n*(u32 *)(r10 - 4) = 1\nr4 = r10\nr4 += -4\nr5 = 4\n'

const BUFFERS: readonly BoundCase[] = [
  element('a key', 'bpf_map_elem', 2, 'r7 = *(u32 *)(r6 + 4)'),
  element('a key that is written', 'bpf_map_elem', 2, '*(u32 *)(r6 + 0) = 1'),
  element('a value', 'bpf_map_elem', 3, 'r7 = *(u64 *)(r6 + 1000)'),
  element('a value that is written', 'bpf_map_elem', 3, '*(u64 *)(r6 + 8) = 1'),
  element('before a value', 'bpf_map_elem', 3, 'r7 = *(u64 *)(r6 - 8)'),
  element('a moved value', 'bpf_map_elem', 3, 'r6 += 8\nr7 = *(u8 *)(r6 + 0)\nr6 -= 8\nr7 = *(u8 *)(r6 + 0)'),
  element('somewhere in a value', 'bpf_map_elem', 3, 'r7 = *(u8 *)(r6 + 0)\nr6 += r7\nr7 = *(u8 *)(r6 + 0)'),
  element(
    'a value on the stack',
    'bpf_map_elem',
    3,
    '*(u64 *)(r10 - 8) = r6\nr7 = *(u64 *)(r10 - 8)\nr7 = *(u8 *)(r7 + 0)',
  ),
  element('a value for a helper to read', 'bpf_map_elem', 3, 'r7 = r1\nr1 = r10\nr1 += -8\nr2 = 8\nr3 = r6\ncall 113'),
  element('a value for a helper to write', 'bpf_map_elem', 3, 'r1 = r6\nr2 = 8\nr3 = r6\ncall 113'),
  element('a key for a helper to write', 'bpf_map_elem', 2, 'r1 = r6\nr2 = 8\nr3 = r6\ncall 113'),
  element('a key as one of a table', 'bpf_map_elem', 2, 'r1 = hash ll\nr2 = r6\ncall 1'),
  iterator('bpf_map_elem: a value that may be absent', 'bpf_map_elem', 'r6 = *(u64 *)(r1 + 24)\nr7 = *(u8 *)(r6 + 0)'),
  iterator('bpf_map_elem: half of a value', 'bpf_map_elem', 'r6 = *(u32 *)(r1 + 24)'),
  iterator('bpf_map_elem: its map', 'bpf_map_elem', 'r6 = *(u64 *)(r1 + 8)\nr7 = *(u32 *)(r6 + 0)'),
  element('a value', 'bpf_sk_storage_map', 3, '*(u32 *)(r6 + 0) = 1'),
  element('a socket', 'bpf_sk_storage_map', 2, 'r7 = *(u16 *)(r6 + 0)'),
  element('a key', 'sockmap', 2, 'r7 = *(u32 *)(r6 + 0)'),
  element('a socket', 'sockmap', 3, 'r7 = *(u16 *)(r6 + 0)'),
]

const OBJECTS: readonly BoundCase[] = [
  element('a socket', 'tcp', 1, 'r7 = *(u16 *)(r6 + 0)'),
  element('its user', 'tcp', 1, 'r7 = *(u32 *)(r1 + 16)'),
  element('an option', 'tcp', 1, `${OPTION}call 49`),
  element('a cast', 'tcp', 1, 'r1 = r6\ncall 137\nif r0 == 0 goto out\nr7 = *(u32 *)(r0 + 0)'),
  element('a socket', 'udp', 1, 'r7 = *(u16 *)(r6 + 0)'),
  element('its bucket', 'udp', 1, 'r7 = *(u32 *)(r1 + 24)'),
  element('an option', 'udp', 1, `${OPTION}call 49`),
  element('a socket', 'unix', 1, 'r7 = *(u16 *)(r6 + 0)'),
  element('an option', 'unix', 1, `${OPTION}call 57`),
  element('a socket', 'netlink', 1, 'r7 = *(u16 *)(r6 + 0)'),
  element('a symbol', 'ksym', 1, 'r7 = *(u64 *)(r6 + 0)'),
  element('a route', 'ipv6_route', 1, 'r7 = *(u64 *)(r6 + 0)'),
  element('a cache', 'kmem_cache', 1, 'r7 = *(u64 *)(r6 + 0)'),
  element('a buffer', 'dmabuf', 1, 'r7 = *(u64 *)(r6 + 0)'),
  element('a program', 'bpf_prog', 1, 'r7 = *(u64 *)(r6 + 0)'),
  element('a link', 'bpf_link', 1, 'r7 = *(u64 *)(r6 + 0)'),
  element('a map', 'bpf_map', 1, 'r7 = *(u64 *)(r6 + 0)'),
  element('a cgroup', 'cgroup', 1, 'r7 = *(u64 *)(r6 + 0)'),
  element('an area', 'task_vma', 2, 'r7 = *(u64 *)(r6 + 0)'),
  element('a descriptor', 'task_file', 3, 'r7 = *(u32 *)(r1 + 16)'),
]

export const ITERATOR_CASES: readonly BoundCase[] = [...BUFFERS, ...OBJECTS]
