/*
 * pcapng: a file is a sequence of blocks, in sections that each have a byte order of their own.
 *
 *   block   type u32 · total length u32 · body, padded to 4 bytes · total length u32
 *   option  code u16 · length u16 · value, padded to 4 bytes
 *
 * https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcapng/
 */

/** Block types. Those that are not here are skipped: name resolution, statistics, custom blocks, and so on. */
// biome-ignore format: table
export const PCAPNG_BLOCK = {
  SECTION_HEADER:  0x0a0d0d0a,
  INTERFACE:       0x00000001,
  PACKET:          0x00000002,
  SIMPLE_PACKET:   0x00000003,
  ENHANCED_PACKET: 0x00000006,
} as const

/** The options that this package reads or writes; the others are skipped. */
// biome-ignore format: table
export const PCAPNG_OPTION = {
  END_OF_OPTIONS: 0,
  COMMENT:        1,
  SHB_USERAPPL:   4,
  IF_NAME:        2,
  IF_TSRESOL:     9,
  IF_TSOFFSET:   14,
} as const

/** Stands in the section header in the section's own byte order. */
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d
export const BYTE_ORDER_MAGIC_SWAPPED = 0x4d3c2b1a

export const MIN_BLOCK_BYTES = 12
/** As in libpcap: what claims to be longer is taken for damage. */
export const MAX_BLOCK_BYTES: number = 16 * 1024 * 1024

/** What an interface's clock counts when if_tsresol is absent. */
export const DEFAULT_TICKS_PER_SECOND = 1_000_000n

/** A block's type, first length and last length. */
export const BLOCK_HEADER_BYTES = 8

/** The length of a value of this many bytes with its padding. */
export function padded32(lengthBytes: number): number {
  return (lengthBytes + 3) & ~3
}
