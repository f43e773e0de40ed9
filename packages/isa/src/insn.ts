/**
 * One 8-byte slot of a program, the fields of the kernel's `struct bpf_insn`.
 *
 * ```
 *  0        8    12   16               32                              64
 *  | opcode | dst | src|      off      |              imm               |   (little-endian: dst is the low nibble)
 * ```
 *
 * A 64-bit immediate load (`BPF_LD | BPF_IMM | BPF_DW`) takes two slots; the second one has opcode 0 and holds the
 * high 32 bits. Program counters count slots, as the kernel does.
 *
 * @see RFC 9669, section 3
 */
export interface Insn {
  /** u8 */
  readonly opcode: number
  /** Destination register, 0..15; valid programs use 0..10. */
  readonly dst: number
  /** Source register, or the kind of a pseudo LD_IMM64 or call. */
  readonly src: number
  /** s16 */
  readonly off: number
  /** s32 */
  readonly imm: number
}

/** Bytes of one slot. */
export const INSN_BYTES = 8
