import { BPF_MEMWORDS } from '../classic-opcodes.ts'
import { type Registers, registerText } from './dump-text.ts'

/** What is watched: a register, or a cell by its number. */
type Watched = 'A' | 'X' | number

const nameOf = (watched: Watched): string => (typeof watched === 'number' ? `M[${watched}]` : watched)
const valueIn = ({ a, x, cells }: Registers, watched: Watched): number =>
  watched === 'A' ? a : watched === 'X' ? x : (cells[watched] as number)

function parse(text: string): Watched | undefined {
  const upper = text.trim().toUpperCase()
  if (upper === 'A' || upper === 'X') return upper
  const cell = /^M\s*\[\s*(\d{1,2})\s*\]$/.exec(upper)?.[1]
  return cell === undefined || Number(cell) >= BPF_MEMWORDS ? undefined : Number(cell)
}

/** Registers and cells at whose changes a run stops. */
export class Watchpoints {
  #watched: readonly Watched[] = []
  #before: readonly number[] = []

  /** @returns the name of what is watched; undefined where the text names nothing */
  add(text: string): string | undefined {
    const watched = parse(text)
    if (watched === undefined) return undefined
    if (!this.#watched.includes(watched)) this.#watched = [...this.#watched, watched]
    return nameOf(watched)
  }

  names(): readonly string[] {
    return this.#watched.map(nameOf)
  }

  reset(): void {
    this.#watched = []
  }

  /** Notes the values before a step. */
  before(registers: Registers): void {
    if (this.#watched.length > 0) this.#before = this.#watched.map((watched) => valueIn(registers, watched))
  }

  /** What the step changed, a line each. */
  changes(registers: Registers): string[] {
    return this.#watched.flatMap((watched, index) => {
      const [old, now] = [this.#before[index] as number, valueIn(registers, watched)]
      return old === now ? [] : [`watch ${nameOf(watched)}: ${registerText(old)} -> ${registerText(now)}`]
    })
  }
}
