/**
 * Functions that only fixed-up programs call: parts of a kernel function that runs a callback, which the program's own
 * instructions call in between, and variants that Linux chooses when it fixes a program up. The numbers are ours, above all
 * of the kernel's helpers.
 */
export const FIX_UP_FUNCTIONS: {
  readonly treeAddBegin: number
  readonly treeAddStep: number
  readonly dynptrFromSkbReadOnly: number
} = {
  /** (node, description, offset): 0, or what bpf_rbtree_add_impl fails with. */
  treeAddBegin: 1011,
  /** (root, node, parent, less): the node to be compared next, 0 once it is in the tree. */
  treeAddStep: 1012,
  /** As bpf_dynptr_from_skb, for programs that may not write to packets. */
  dynptrFromSkbReadOnly: 1013,
}
