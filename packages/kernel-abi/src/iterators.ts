/**
 * What programs of iterators are handed and may call. Linux 6.12, and two iterators of later kernels.
 *
 * @see bpf_iter_reg in include/linux/bpf.h
 */
import type { HelperSetName } from './helper-sets.ts'

/** What such an argument is, besides a pointer by its type; `plain` where its type says all. */
export type IteratorArgument = 'trusted_or_null' | 'or_null' | 'rdonly_buf_or_null' | 'buf_or_null' | 'plain'

/** Iterator, its arguments after the first, which is its meta data. */
// biome-ignore format: table
const ITERATORS: ReadonlyMap<string, readonly IteratorArgument[]> = new Map<string, readonly IteratorArgument[]>([
  ['bpf_map',            ['trusted_or_null']],
  ['bpf_map_elem',       ['plain', 'rdonly_buf_or_null', 'buf_or_null']],
  ['bpf_prog',           ['or_null']],
  ['bpf_link',           ['or_null']],
  ['bpf_sk_storage_map', ['plain', 'or_null', 'buf_or_null']],
  ['cgroup',             ['trusted_or_null']],
  ['dmabuf',             ['or_null']],
  ['ipv6_route',         ['or_null']],
  ['kmem_cache',         ['trusted_or_null']],
  ['ksym',               ['or_null']],
  ['netlink',            ['or_null']],
  ['sockmap',            ['plain', 'rdonly_buf_or_null', 'or_null']],
  ['task',               ['trusted_or_null']],
  ['task_file',          ['or_null', 'plain', 'or_null']],
  ['task_vma',           ['or_null', 'or_null']],
  ['tcp',                ['trusted_or_null', 'plain']],
  ['udp',                ['trusted_or_null', 'plain', 'plain']],
  ['unix',               ['or_null', 'plain']],
])

/** What argument `index` (0 is the meta data) of iterator `name` is. */
export function iteratorArgument(name: string, index: number): IteratorArgument {
  return ITERATORS.get(name)?.[index - 1] ?? 'plain'
}

/** Whether the iterator is one of the table. */
export function isKnownIterator(name: string): boolean {
  return ITERATORS.has(name)
}

/** Iterators whose programs may call more than others. */
const HELPERS: ReadonlyMap<string, readonly HelperSetName[]> = new Map([
  ['tcp', ['sk_options']],
  ['unix', ['sk_options']],
])

/** Sets of helpers that the iterator's programs have besides those of their type. */
export function iteratorHelperSets(name: string): readonly HelperSetName[] {
  return HELPERS.get(name) ?? []
}
