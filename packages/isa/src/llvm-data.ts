import { type AsmLine, asmError } from './asm-lexer.ts'
import type { AsmReader } from './asm-reader.ts'
import { operand } from './asm-statement.ts'
import { decodeInsns } from './codec.ts'
import { INSN_BYTES, type Insn } from './insn.ts'

// biome-ignore format: table
const DATA_BYTES: ReadonlyMap<string, number> = new Map([
  ['.byte', 1], ['.short', 2], ['.hword', 2], ['.2byte', 2], ['.long', 4], ['.int', 4], ['.4byte', 4], ['.quad', 8], ['.8byte', 8],
])

/** The numbers that one directive writes down, as bytes in little-endian order. */
function readBytes(reader: AsmReader): number[] {
  const directive = reader.next()
  const width = DATA_BYTES.get(directive.text)
  if (width === undefined) throw reader.syntax('an instruction', directive)
  const bytes: number[] = []
  do {
    const { value, token } = operand(reader)
    const unsigned = BigInt.asUintN(width * 8, value)
    if (unsigned !== value && BigInt.asIntN(width * 8, value) !== value) {
      throw reader.error('ISA_IMMEDIATE', token, `${value} does not fit ${width} bytes`)
    }
    for (let shift = 0n; shift < width * 8; shift += 8n) bytes.push(Number((unsigned >> shift) & 0xffn))
  } while (reader.accept(','))
  return bytes
}

/**
 * Instructions written down as data, over one or several directives: `.8byte 0x95`, or `.byte 0xe5; .byte 0; .short 1;
 * .long 0`. The kernel's tests so write what an assembler does not know yet.
 */
export class SlotData {
  #bytes: number[] = []

  /** Takes one directive; gives the slots that are complete with it. */
  add(reader: AsmReader): Insn[] {
    this.#bytes.push(...readBytes(reader))
    const whole = this.#bytes.length - (this.#bytes.length % INSN_BYTES)
    return decodeInsns(Uint8Array.from(this.#bytes.splice(0, whole)))
  }

  /** Between instructions no slot may be half filled. */
  requireWhole(line: AsmLine, column: number): void {
    if (this.#bytes.length === 0) return
    const got = `${this.#bytes.length} bytes`
    throw asmError('ISA_SYNTAX', line, column, 'the data before this fills no whole instruction', got, '8 bytes')
  }
}
