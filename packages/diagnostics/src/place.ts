/** A stretch of source text: a line of C, of assembly, or of a configuration file. Lines and columns count from 1. */
export interface SourceSpan {
  readonly file: string
  readonly line: number
  readonly column?: number
  /** The text of that line, without its line break. */
  readonly text?: string
}

/**
 * Where something is wrong. Every field is optional; give what is known, most specific last:
 * the file or the named input, the section or program in it, a byte offset, an instruction, the source line.
 */
export interface Place {
  /** File name or a name for the input ("stdin", "--pktgen"). */
  readonly input?: string
  /** ELF section, program or map name. */
  readonly section?: string
  readonly program?: string
  readonly map?: string
  /** Byte offset in the input. */
  readonly offsetBytes?: number
  /** Instruction index, counted in 8-byte slots as the kernel does. */
  readonly pc?: number
  readonly source?: SourceSpan
}

/** One line for people: `filter.bpf.o, section xdp, insn 12 (filter.c:34)`. Empty when nothing is known. */
export function formatPlace(place: Place): string {
  const parts: string[] = []
  if (place.input !== undefined) parts.push(place.input)
  if (place.section !== undefined) parts.push(`section ${place.section}`)
  if (place.program !== undefined) parts.push(`program ${place.program}`)
  if (place.map !== undefined) parts.push(`map ${place.map}`)
  if (place.offsetBytes !== undefined) parts.push(`offset 0x${place.offsetBytes.toString(16)}`)
  if (place.pc !== undefined) parts.push(`insn ${place.pc}`)
  if (place.source !== undefined) {
    const { file, line, column } = place.source
    parts.push(`${file}:${line}${column === undefined ? '' : `:${column}`}`)
  }
  return parts.join(', ')
}
