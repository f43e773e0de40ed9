import type { MachineBuffer } from '@bpfoundry/codegen'
import { Assembler } from './assembler.ts'
import { type Form, form } from './form.ts'
import { writeNops } from './nops.ts'

/** Something in the code whose length is known in the end only: a jump, a call, or the padding before a loop. */
export interface Branch {
  readonly short: Form
  readonly long: Form
  readonly shortBytes: number
  /** Bytes that the long form has more; of padding, the most there may be. */
  readonly growthBytes: number
}

function branch(short: Form, long: Form): Branch {
  return { short, long, shortBytes: 2, growthBytes: long.immBytes + (long.map === 0 ? 1 : 2) - 2 }
}

/** Bytes that processors fetch at once from decoded code: a loop across two lines takes two cycles a turn. */
const LINE_BYTES = 64

const CALL: Branch = { short: form('CALL rel32'), long: form('CALL rel32'), shortBytes: 5, growthBytes: 0 }
const PADDING: Branch = { short: form('NOP'), long: form('NOP'), shortBytes: 0, growthBytes: LINE_BYTES - 1 }

export const JMP: Branch = branch(form('JMP rel8'), form('JMP rel32'))

/** Conditional jumps by the manual's conditions: A, B above and below (unsigned), G, L greater and less (signed). */
// biome-ignore format: table
export const JCC: Readonly<Record<'E' | 'NE' | 'A' | 'AE' | 'B' | 'BE' | 'G' | 'GE' | 'L' | 'LE', Branch>> = {
  E:  branch(form('JE rel8'),  form('JE rel32')),
  NE: branch(form('JNE rel8'), form('JNE rel32')),
  A:  branch(form('JA rel8'),  form('JA rel32')),
  AE: branch(form('JAE rel8'), form('JAE rel32')),
  B:  branch(form('JB rel8'),  form('JB rel32')),
  BE: branch(form('JBE rel8'), form('JBE rel32')),
  G:  branch(form('JG rel8'),  form('JG rel32')),
  GE: branch(form('JGE rel8'), form('JGE rel32')),
  L:  branch(form('JL rel8'),  form('JL rel32')),
  LE: branch(form('JLE rel8'), form('JLE rel32')),
}

export type Label = number

/** Code whose jumps have their final length, and where its labels went. */
export interface RelaxedCode {
  readonly bytes: Uint8Array
  /** Offset of a bound label. */
  offsetOf(label: Label): number
}

/** Records behind its padding that a loop's last jump is looked for in. */
const LOOP_RECORDS = 32

/**
 * Jumps, calls and labels of code in the making. All jumps are first written short; in the end those that don't reach
 * are lengthened, which may push others out of reach, until nothing changes. Jumps only ever grow, so this ends, and
 * with the smallest code that jumps of these two lengths allow. Padding is taken for the longest meanwhile, so that
 * jumps reach whatever it turns out to be.
 */
export class Branches {
  readonly #asm: Assembler
  readonly #buffer: MachineBuffer
  /** Offset of each label in the short code, and how many records lie before it. */
  readonly #labels: number[] = []
  readonly #recordsBefore: number[] = []
  /** Records in order: offset of the short form, form, label. */
  readonly #places: number[] = []
  readonly #forms: Branch[] = []
  readonly #targets: Label[] = []
  #padded = false

  constructor(asm: Assembler) {
    this.#asm = asm
    this.#buffer = asm.buffer
  }

  reset(): void {
    for (const column of [this.#labels, this.#recordsBefore, this.#places, this.#forms, this.#targets])
      column.length = 0
    this.#padded = false
  }

  /** `count` unbound labels, numbered from the one that is answered. */
  newLabels(count: number): Label {
    const first = this.#labels.length
    for (let n = 0; n < count; n++) {
      this.#labels.push(-1)
      this.#recordsBefore.push(0)
    }
    return first
  }

  /** Puts a label here, where jumps join the flow: what flags tell is forgotten. */
  bind(label: Label): void {
    this.#asm.forgetFlags()
    this.mark(label)
  }

  /** Puts a label here that nothing jumps to, to know the place. */
  mark(label: Label): void {
    this.#labels[label] = this.#buffer.offset
    this.#recordsBefore[label] = this.#places.length
  }

  jump(to: Branch, label: Label): void {
    this.#note(to, label)
    this.#buffer.u16(0)
  }

  call(label: Label): void {
    this.#note(CALL, label)
    this.#buffer.u8(0)
    this.#buffer.u32(0)
  }

  /** A short loop begins here, at a label that is bound next: it is kept off the end of a line. */
  beginLoop(label: Label): void {
    this.#note(PADDING, label)
    this.#padded = true
  }

  /** The code with all distances in it. */
  finish(): RelaxedCode {
    const growths = this.#relax()
    if (this.#padded) this.#pad(growths)
    const shifts = shiftsOf(growths)
    const bytes = this.#write(growths, shifts)
    return { bytes, offsetOf: (label) => this.#finalOffset(label, shifts) }
  }

  #note(to: Branch, label: Label): void {
    this.#places.push(this.#buffer.offset)
    this.#forms.push(to)
    this.#targets.push(label)
  }

  /** Bytes that each record grows by. */
  #relax(): Int32Array {
    const forms = this.#forms
    const growths = new Int32Array(forms.length)
    for (let n = 0; n < growths.length; n++) if (forms[n] === PADDING) growths[n] = PADDING.growthBytes
    for (let changed = true; changed; ) {
      changed = false
      const shifts = shiftsOf(growths)
      for (let n = 0; n < growths.length; n++) {
        if (growths[n] === forms[n]!.growthBytes || this.#reaches(n, shifts)) continue
        growths[n] = forms[n]!.growthBytes
        changed = true
      }
    }
    return growths
  }

  #reaches(n: number, shifts: Int32Array): boolean {
    const from = this.#places[n]! + this.#forms[n]!.shortBytes + shifts[n + 1]!
    const distance = this.#finalOffset(this.#targets[n]!, shifts) - from
    return distance >= -128 && distance <= 127
  }

  /** Pads each loop that fits a line, and would cross its end, to the next one. */
  #pad(growths: Int32Array): void {
    let shift = 0
    for (let n = 0; n < growths.length; n++) {
      if (this.#forms[n] === PADDING) {
        const inLine = (this.#places[n]! + shift) % LINE_BYTES
        const loopBytes = this.#loopBytes(n, growths)
        growths[n] = loopBytes <= LINE_BYTES && inLine + loopBytes > LINE_BYTES ? LINE_BYTES - inLine : 0
      }
      shift += growths[n]!
    }
  }

  /** Length of the loop behind padding n, up to its last jump back; padding does not lie within. */
  #loopBytes(n: number, growths: Int32Array): number {
    let [bytes, growth] = [0, 0]
    for (let m = n + 1; m < Math.min(growths.length, n + LOOP_RECORDS); m++) {
      growth += growths[m]!
      const back = this.#targets[m] === this.#targets[n] && this.#forms[m] !== CALL
      if (back) bytes = this.#places[m]! + this.#forms[m]!.shortBytes + growth - this.#places[n]!
    }
    return bytes
  }

  #finalOffset(label: Label, shifts: Int32Array): number {
    return this.#labels[label]! + shifts[this.#recordsBefore[label]!]!
  }

  #write(growths: Int32Array, shifts: Int32Array): Uint8Array {
    const source = this.#buffer.finish()
    const out = new Assembler(source.length + shifts[shifts.length - 1]!)
    let copied = 0
    for (let n = 0; n < growths.length; n++) {
      const place = this.#places[n]!
      if (place > copied) out.buffer.bytes(source.subarray(copied, place))
      this.#writeRecord(out, n, growths[n]!, shifts)
      copied = place + this.#forms[n]!.shortBytes
    }
    out.buffer.bytes(source.subarray(copied))
    return out.buffer.finish()
  }

  #writeRecord(out: Assembler, n: number, growth: number, shifts: Int32Array): void {
    const to = this.#forms[n]!
    const distance = this.#finalOffset(this.#targets[n]!, shifts) - (out.offset + to.shortBytes + growth)
    if (to === PADDING) writeNops(out, growth)
    else out.rel(growth === 0 ? to.short : to.long, distance)
  }
}

/** Bytes that all records before record n grow by; the last entry is for the end. */
function shiftsOf(growths: Int32Array): Int32Array {
  const shifts = new Int32Array(growths.length + 1)
  for (let n = 0; n < growths.length; n++) shifts[n + 1] = shifts[n]! + growths[n]!
  return shifts
}
