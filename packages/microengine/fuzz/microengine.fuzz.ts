import { nop, type Word, withEcc, wordsFromBytes, wordsToBytes } from '@bpfoundry/microcode'
import { type Execution, ImmediateMemory, Microengine, MicroengineError, PARKED } from '../src/index.ts'

export const name = 'microengine'

const START = 8
const MEMORY_BYTES = 1 << 16
const LATENCY_CYCLES = 60
const RUNAWAY_CYCLES = 2000

/** Any words as a program: it ends, or stops with an error of ours, and both executions do the same. */
export function fuzzOnce(input: Uint8Array): void {
  const words = wordsOf(input)
  const [generated, table] = (['generated', 'table'] as const).map((execution) => run(words, execution))
  if (generated !== table) throw new Error(`executions differ: ${generated} and ${table}`)
}

/** Bytes cut to whole words of 45 bits. */
function wordsOf(input: Uint8Array): Word[] {
  const bytes = input.slice(0, Math.min(input.length & ~7, 8 * 200))
  for (let at = 0; at < bytes.length; at += 8) {
    bytes[at + 5] = (bytes[at + 5] ?? 0) & 0x1f
    bytes.fill(0, at + 6, at + 8)
  }
  return wordsFromBytes(bytes)
}

/** What can be seen of a run, as text. */
function run(words: readonly Word[], execution: Execution): string {
  const memory = { bytes: new Uint8Array(MEMORY_BYTES) }
  const options = { memory: new ImmediateMemory(memory, LATENCY_CYCLES), execution, runawayCycles: RUNAWAY_CYCLES }
  const core = new Microengine(options)
  core.load(START, words.map(withEcc))
  core.setRoutine(START + words.length, { name: 'end', enter: () => [], leave: () => PARKED })
  let end = 'ran'
  try {
    core.start(0, START)
    core.start(1, START)
    for (let until = 100; until < RUNAWAY_CYCLES * 2; until += 100) core.run(until)
  } catch (error) {
    if (!(error instanceof MicroengineError)) throw error
    end = `${error.code}`
  }
  const { gpr, localMemory } = core.state
  return [end, core.cycle, gpr.join(), localMemory.join(), memory.bytes.subarray(0, 512).join()].join(' ')
}

export const seeds = (): Uint8Array[] => [wordsToBytes([nop(), 0xf0012cd000, 0x105c00088300, 0xd818008020])]
