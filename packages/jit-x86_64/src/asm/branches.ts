import type { MachineBuffer } from '@bpfoundry/codegen'
import { Assembler } from './assembler.ts'
import { type Form, form } from './form.ts'

/** A jump in its two lengths. */
export interface Branch {
  readonly short: Form
  readonly long: Form
  /** Bytes that the long form has more. */
  readonly growthBytes: number
}

function branch(short: Form, long: Form): Branch {
  return { short, long, growthBytes: long.immBytes + (long.map === 0 ? 1 : 2) - SHORT_BYTES }
}

const SHORT_BYTES = 2
const CALL_BYTES = 5
const CALL: Form = form('CALL rel32')

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

/**
 * Jumps, calls and labels of code in the making. All jumps are first written short; in the end those that don't reach
 * are lengthened, which may push others out of reach, until nothing changes. Jumps only ever grow, so this ends, and
 * with the smallest code that jumps of these two lengths allow.
 */
export class Branches {
  readonly #buffer: MachineBuffer
  /** Offset of each label in the short code, and how many jumps lie before it. */
  readonly #labels: number[] = []
  readonly #jumpsBefore: number[] = []
  /** Jumps and calls in order: offset of the short form, form (undefined: a call), label. */
  readonly #places: number[] = []
  readonly #forms: (Branch | undefined)[] = []
  readonly #targets: Label[] = []

  constructor(buffer: MachineBuffer) {
    this.#buffer = buffer
  }

  reset(): void {
    for (const column of [this.#labels, this.#jumpsBefore, this.#places, this.#forms, this.#targets]) column.length = 0
  }

  /** `count` unbound labels, numbered from the one that is answered. */
  newLabels(count: number): Label {
    const first = this.#labels.length
    for (let n = 0; n < count; n++) {
      this.#labels.push(-1)
      this.#jumpsBefore.push(0)
    }
    return first
  }

  bind(label: Label): void {
    this.#labels[label] = this.#buffer.offset
    this.#jumpsBefore[label] = this.#places.length
  }

  jump(to: Branch, label: Label): void {
    this.#note(to, label)
    this.#buffer.u16(0)
  }

  call(label: Label): void {
    this.#note(undefined, label)
    this.#buffer.u8(0)
    this.#buffer.u32(0)
  }

  /** The code with all distances in it. */
  finish(): RelaxedCode {
    const shifts = this.#relax()
    const bytes = this.#write(shifts)
    return { bytes, offsetOf: (label) => this.#finalOffset(label, shifts) }
  }

  #note(to: Branch | undefined, label: Label): void {
    this.#places.push(this.#buffer.offset)
    this.#forms.push(to)
    this.#targets.push(label)
  }

  /** Bytes that all jumps before jump n grow by; the last entry is for the end. */
  #relax(): Int32Array {
    const count = this.#places.length
    const long = new Uint8Array(count)
    const shifts = new Int32Array(count + 1)
    for (let changed = true; changed; ) {
      changed = false
      for (let n = 0; n < count; n++) {
        const to = this.#forms[n]
        if (to === undefined || long[n] === 1 || this.#reaches(n, shifts)) continue
        long[n] = 1
        changed = true
      }
      for (let n = 0; n < count; n++) shifts[n + 1] = shifts[n]! + (long[n] === 1 ? this.#forms[n]!.growthBytes : 0)
    }
    return shifts
  }

  #reaches(n: number, shifts: Int32Array): boolean {
    const from = this.#places[n]! + SHORT_BYTES + shifts[n + 1]!
    const distance = this.#finalOffset(this.#targets[n]!, shifts) - from
    return distance >= -128 && distance <= 127
  }

  #finalOffset(label: Label, shifts: Int32Array): number {
    return this.#labels[label]! + shifts[this.#jumpsBefore[label]!]!
  }

  #write(shifts: Int32Array): Uint8Array {
    const source = this.#buffer.finish()
    const out = new Assembler(source.length + shifts[shifts.length - 1]!)
    let copied = 0
    for (let n = 0; n < this.#places.length; n++) {
      const place = this.#places[n]!
      if (place > copied) out.buffer.bytes(source.subarray(copied, place))
      copied = place + this.#writeJump(out, n, shifts)
    }
    out.buffer.bytes(source.subarray(copied))
    return out.buffer.finish()
  }

  /** @returns bytes of the short form, or call, that it stands for */
  #writeJump(out: Assembler, n: number, shifts: Int32Array): number {
    const to = this.#forms[n]
    const growth = shifts[n + 1]! - shifts[n]!
    const short = to === undefined ? CALL_BYTES : SHORT_BYTES
    const distance = this.#finalOffset(this.#targets[n]!, shifts) - (out.offset + short + growth)
    out.rel(to === undefined ? CALL : growth === 0 ? to.short : to.long, distance)
    return short
  }
}
