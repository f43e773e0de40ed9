/** Pointers that an iterator's program is handed. Linux 6.12. @see bpf_iter_reg in include/linux/bpf.h */

/** What such an argument is, besides a pointer by its type. */
export type IteratorArgument = 'trusted_or_null' | 'or_null'

/** Iterator, its arguments after the first, which is its meta data. */
// biome-ignore format: table
const ITERATORS: ReadonlyMap<string, readonly IteratorArgument[]> = new Map<string, readonly IteratorArgument[]>([
  ['bpf_map',   ['trusted_or_null']],
  ['bpf_prog',  ['or_null']],
  ['bpf_link',  ['or_null']],
  ['cgroup',    ['trusted_or_null']],
  ['task',      ['trusted_or_null']],
  ['task_file', ['or_null', 'or_null', 'or_null']],
  ['task_vma',  ['or_null', 'or_null']],
])

/** What argument `index` (0 is the meta data) of iterator `name` is; undefined where its type says all, or where it is not known. */
export function iteratorArgument(name: string, index: number): IteratorArgument | undefined {
  return ITERATORS.get(name)?.[index - 1]
}

/** Whether the iterator is one of the table. */
export function isKnownIterator(name: string): boolean {
  return ITERATORS.has(name)
}
