/**
 * What the firmware does with a program's result. The translated program turns R0 into bits 16 to 23 of a result word:
 *
 * ```
 *   23 22 21 20 | 19   18     17    16
 *   stat select |     redir  drop  pass
 *
 *   R0 0 aborted  0x82   drop, counted as stat3 (bpf_app3)
 *      1 drop     0x22   drop, counted as stat1 (bpf_app1)
 *      2 pass     0x11   pass, counted as stat0 (bpf_pass)
 *      3 tx       0x44   redir, counted as stat2 (bpf_app2)
 *      more       0x82   as aborted: XDP_REDIRECT is not offloaded
 * ```
 *
 * @see nfp_outro_xdp in nfp/bpf/jit.c
 */
const RESULT_TABLE = 0x44112282
const HIGHEST_VERDICT = 3
const ABORT_RESULT = 0x82

const PASS_BIT = 0x01
const DROP_BIT = 0x02
const REDIRECT_BIT = 0x04
/** Statistic 0 to 3 by its bit among 4 to 7. */
const STAT_SHIFT = 4

/** Bits 16 to 23 of the result word for the low 32 bits of R0. */
export function resultBits(r0: number): number {
  return r0 > HIGHEST_VERDICT ? ABORT_RESULT : (RESULT_TABLE >>> (8 * r0)) & 0xff
}

/** The verdict that result bits came from; those of a higher R0 came from an abort. */
export function verdictOf(bits: number): number {
  for (let verdict = HIGHEST_VERDICT; verdict > 0; verdict--) if (resultBits(verdict) === bits) return verdict
  return 0
}

/** What the firmware does with a packet. */
export interface FirmwareResult {
  readonly disposition: 'pass' | 'drop' | 'redirect'
  /** Which of bpf_pass, bpf_app1, bpf_app2, bpf_app3 counts it. */
  readonly stat: 0 | 1 | 2 | 3
}

/** Reads result bits as the firmware does. */
export function firmwareResult(bits: number): FirmwareResult {
  const stat = Math.log2(bits >>> STAT_SHIFT) as FirmwareResult['stat']
  if ((bits & PASS_BIT) !== 0) return { disposition: 'pass', stat }
  return { disposition: (bits & REDIRECT_BIT) !== 0 ? 'redirect' : 'drop', stat }
}

/** Bits that say what happens, without the statistic. */
export const DISPOSITION_BITS: Readonly<Record<FirmwareResult['disposition'], number>> = {
  pass: PASS_BIT,
  drop: DROP_BIT,
  redirect: REDIRECT_BIT,
}
