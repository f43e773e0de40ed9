/**
 * Structures of the kernel of which counted pointers may be kept in maps: what is left in a map that goes away can be given
 * back. The same in 6.12 and 6.18; those of modules are told by the modules.
 *
 * @see register_btf_id_dtor_kfuncs in kernel/bpf/helpers.c, cpumask.c and crypto.c, net/bpf/test_run.c
 */
// biome-ignore format: table
const DESTRUCTIBLE: ReadonlySet<string> = new Set([
  'task_struct', 'cgroup', 'bpf_cpumask', 'bpf_crypto_ctx', 'prog_test_ref_kfunc', 'prog_test_member',
])

/** Whether the kernel has a function that gives back what counted pointers to the structure hold. */
export function hasKernelDestructor(structName: string): boolean {
  return DESTRUCTIBLE.has(structName)
}
