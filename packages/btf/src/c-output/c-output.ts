import type { Btf } from '../btf.ts'
import { BTF_KIND } from '../btf-kind.ts'
import { CText } from './c-text.ts'
import { putDeclaration } from './declaration.ts'
import { Definitions } from './definitions.ts'
import { sortedTypes } from './sorted-types.ts'

/** What {@link formatBtfC} writes. */
export interface COutputOptions {
  /** In the order of ids, not by kind and name. */
  readonly unsorted?: boolean
  /** These types only, and all that they need; no functions of the kernel. */
  readonly rootIds?: readonly number[]
}

const HEAD = `#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
#endif

#ifndef __ksym
#define __ksym __attribute__((section(".ksyms")))
#endif

#ifndef __weak
#define __weak __attribute__((weak))
#endif

`

const FOOT = `#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

#endif /* __VMLINUX_H__ */
`

/** The tag of functions of the kernel that programs may call. */
const KFUNC = 'bpf_kfunc'

/**
 * A C header of the types, as `bpftool btf dump ... format c` of Linux 6.12 prints it: each definition after those that it
 * needs, laid out as it was, and the kernel's functions that programs may call. Clang takes it for BPF.
 *
 * @throws {BtfError} BTF_C_OUTPUT for types that no C has: of hand-made type information only; BTF_TYPE_ID for a root that
 *   is no type
 * @see tools/bpf/bpftool/Documentation/bpftool-btf.rst of Linux 6.12
 */
export function formatBtfC(btf: Btf, { unsorted = false, rootIds }: COutputOptions = {}): string {
  const text = new CText(btf)
  const definitions = new Definitions(text)
  text.put(HEAD)
  if (rootIds === undefined) {
    // Sorted, the first one is passed over, as bpftool does, which takes it for `void`: it stands there if another needs it.
    const ids = unsorted ? [...btf.types.keys()] : sortedTypes(btf, text.limit)
    for (const id of ids.slice(1)) definitions.put(id)
    putKernelFunctions(text)
  } else {
    for (const id of rootIds) definitions.put(btf.type(id).id)
  }
  text.put(FOOT)
  return text.toString()
}

function putKernelFunctions(text: CText): void {
  text.put('\n/* BPF kfuncs */\n#ifndef BPF_NO_KFUNC_PROTOTYPES\n')
  for (const tag of text.btf.types) {
    if (tag.kind !== BTF_KIND.DECL_TAG || tag.componentIndex !== -1 || tag.name !== KFUNC) continue
    const tagged = text.btf.type(tag.typeId)
    if (tagged.kind !== BTF_KIND.FUNC) continue
    text.put('extern ')
    putDeclaration(text, tagged.typeId, tagged.name, 0)
    text.put(' __weak __ksym;\n')
  }
  text.put('#endif\n\n')
}
