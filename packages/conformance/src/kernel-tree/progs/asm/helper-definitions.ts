import type { SourceTree } from './program-source.ts'

const UAPI_HEADERS = ['tools/include/uapi/linux/bpf.h', 'include/uapi/linux/bpf.h'] as const

/** The macro that lists the helpers, with the lines it is continued on. The first of that name holds the list. */
const MAPPER = /#define\s+_+BPF_FUNC_MAPPER\((?:.*\\\n)*.*/

/** `FN(map_lookup_elem, 1, ##ctx)`; before 6.2 `FN(map_lookup_elem),`, numbered by their order. */
const ROW = /\bFN\(\s*(\w+)\s*(?:,\s*(\d+))?/g

/**
 * What `scripts/bpf_doc.py --header` makes of the uapi header, without the prototypes: a pointer for each helper, whose
 * value is the helper's number. Operands of asm take no more than that.
 */
export function helperDefinitions(tree: SourceTree): string {
  const header = UAPI_HEADERS.map((path) => tree.read(path)).find((text) => text !== undefined) ?? ''
  const rows = [...(MAPPER.exec(header)?.[0] ?? '').matchAll(ROW)]
  return rows
    .map(([, name, number], index) => ({ name, number: number ?? String(index) }))
    .filter(({ name }) => name !== 'unspec')
    .map(({ name, number }) => `static long (* const bpf_${name})(void *, ...) = (void *) ${number};\n`)
    .join('')
}
