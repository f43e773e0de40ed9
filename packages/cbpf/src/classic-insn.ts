/** One instruction of classic BPF, as struct sock_filter. */
export interface ClassicInsn {
  /** 16 bits. */
  readonly code: number
  /** Instructions to skip when the comparison holds, 0 to 255. */
  readonly jt: number
  /** Instructions to skip when it does not. */
  readonly jf: number
  /** 32 bits, unsigned. */
  readonly k: number
}
