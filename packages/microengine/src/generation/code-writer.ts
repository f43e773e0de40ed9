/**
 * Text of generated functions. Names in it: `M` the machine, `A` `B` `G` general purpose registers of the banks and all,
 * `X` `Y` transfer registers in and out, `N` next neighbour, `L` local memory, `I` `E` `F` index registers, their next values and
 * from when; `T` the cycle at which the context got the core, `c` cycles since; `r` `cf` `vf` condition codes, `pa` `pr` the
 * previous ALU word's operand and result, `ma` `mb` factors, `q` what a control register held; `x` `y` `t` `z` within a word.
 */
import type { Operand } from '@bpfoundry/microcode'
import { BANK_REGISTERS, MEMORY_WORD_MASK } from '../core-state.ts'
import { placeAsSource } from '../execution/operands.ts'

const WORD_BYTES = 4

/** Lines of code, and the cycles that have passed since `c` was brought up to date. */
export class CodeWriter {
  readonly lines: string[] = []
  /** Cycles since the last `flush`. */
  pending = 0
  /** Index registers that words of the store write: their value may be on its way. */
  readonly #writtenIndexes: ReadonlySet<number>

  constructor(writtenIndexes: ReadonlySet<number>) {
    this.#writtenIndexes = writtenIndexes
  }

  /** Adds a line. */
  line(text: string): void {
    this.lines.push(text)
  }

  /** Brings `c` up to date. */
  flush(): void {
    if (this.pending > 0) this.line(`c+=${this.pending};`)
    this.pending = 0
  }

  /** Cycles since the context got the core, as an expression. */
  now(): string {
    return this.pending === 0 ? 'c' : `c+${this.pending}`
  }

  /** A source as an expression without effects; what has some is put into `temporary` first. */
  source(operand: Operand, temporary: 'x' | 'y'): string {
    if (operand.kind !== 'local') return PLAIN_SOURCES[operand.kind]?.(operand.value) ?? '0'
    const place = this.#localPlace(operand)
    if (operand.mode === 'offset') return place
    this.line(`${temporary}=${place};`)
    this.#moveIndex(operand)
    return temporary
  }

  /** What `ld_field` leaves alone of a destination: the same place as a source. */
  placeAsSource(operand: Operand): string {
    const { kind, value } = placeAsSource(operand)
    return kind === 'local' ? this.#localPlace(operand) : (PLAIN_SOURCES[kind]?.(value) ?? '0')
  }

  /** What an `immed` leaves alone of a destination. */
  written(operand: Operand): string {
    return operand.kind === 'xfer' ? `Y[${operand.value}]` : this.placeAsSource(operand)
  }

  /** Writes an expression of 32 bits to a destination. */
  assign(operand: Operand, expression: string): void {
    if (operand.kind === 'none') return
    if (operand.kind !== 'local') {
      const targets = PLAIN_TARGETS[operand.kind]?.(operand.value) ?? ''
      this.line(`${targets}${expression};`)
      return
    }
    this.line(`z=${expression};`)
    this.line(`${this.#localPlace(operand)}=z;`)
    if (operand.mode !== 'offset') this.#moveIndex(operand)
  }

  #localPlace({ index, value }: Operand): string {
    if (this.#writtenIndexes.has(index)) this.line(`if(T+${this.now()}>=F[${index}])M.settle(${index});`)
    const word = value === 0 ? `I[${index}]>>>2` : `(I[${index}]>>>2|${value})`
    return `L[${word}&${MEMORY_WORD_MASK}]`
  }

  #moveIndex({ index, mode }: Operand): void {
    this.line(`I[${index}]=I[${index}]${mode === 'increment' ? '+' : '-'}${WORD_BYTES}|0;`)
  }
}

// biome-ignore format: one kind a line
const PLAIN_SOURCES: Readonly<Record<string, (value: number) => string>> = {
  a:         (n) => `A[${n}]`,
  b:         (n) => `B[${n}]`,
  absoluteA: (n) => `G[${n}]`,
  absoluteB: (n) => `G[${BANK_REGISTERS + n}]`,
  xfer:      (n) => `X[${n}]`,
  neighbour: (n) => `N[${n}]`,
  immediate: (n) => String(n),
  none:      () => '0',
}

// biome-ignore format: one kind a line
const PLAIN_TARGETS: Readonly<Record<string, (value: number) => string>> = {
  a:            (n) => `A[${n}]=`,
  b:            (n) => `B[${n}]=`,
  both:         (n) => `A[${n}]=B[${n}]=`,
  absoluteA:    (n) => `G[${n}]=`,
  absoluteB:    (n) => `G[${BANK_REGISTERS + n}]=`,
  absoluteBoth: (n) => `G[${n}]=G[${BANK_REGISTERS + n}]=`,
  xfer:         (n) => `Y[${n}]=`,
  neighbour:    (n) => `N[${n}]=`,
}
