/** `net.core.bpf_jit_harden`: 0 off, 1 for unprivileged users, 2 for all. */
export type JitHarden = 0 | 1 | 2

/**
 * Whether a program's constants are to be blinded.
 *
 * @param privileged whether who loads it has CAP_BPF
 * @see Documentation/admin-guide/sysctl/net.rst, bpf_jit_harden
 */
export function isHardened(harden: JitHarden, privileged: boolean): boolean {
  return harden === 2 || (harden === 1 && !privileged)
}
