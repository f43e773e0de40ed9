import { CARD_TIMING } from './simulation/card-timing.ts'

/**
 * Measured costs of the card, each with its source. The name in parentheses is the section of the project's collection of
 * measurements.
 */
export const NFP_COSTS: {
  readonly firmwareCycles: number
  readonly cyclesPerInsn: number
  readonly cycleSlope: number
  readonly lookupsPerSecond: number
  readonly macPacketsPerSecond: number
  readonly sources: readonly string[]
} = {
  /**
   * Cycles of the firmware for a packet, without the program: 5, 10 and 15 cores of 800 MHz did 9.51, 19.42 and 28.87 Mpps
   * of a program that drops at once, which is 416 cycles a packet, less that program's two instructions. (nfp.md 4.1)
   */
  firmwareCycles: 410,
  /**
   * Cycles of an executed BPF instruction: the SOSCON drop program has 25 instructions, 87 words, and takes about 83
   * cycles on its drop path. (nfp.md 2)
   */
  cyclesPerInsn: 83 / 25,
  /** The slope of measured against counted cycles over 320 short paths. (nfp.md 2) */
  cycleSlope: 0.943,
  /** Look-ups a second of one map that all cores share: 4, 8 and 12 a packet gave 49.5, 24.8 and 16.6 Mpps. (nfp.md 4.1) */
  lookupsPerSecond: 198e6,
  /** What MAC and NBI accept. (nfp.md 2) */
  macPacketsPerSecond: CARD_TIMING.macRate.value,
  sources: [
    'J. Krude, measurements of XDP offload on Agilio CX: firmware overhead, core scaling, memory (nfp.md 2, 4.1)',
    'SOSCON 2019 drop program (nfp.md 2)',
  ],
}
