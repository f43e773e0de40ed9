import { type MemoryCommandSlot, type MemoryPort, performCommand } from '@bpfoundry/microengine'
import { CardCore, type CardProgram, placedWords } from './card-core.ts'
import type { PacketPath, PathStep } from './packet-path.ts'

/** So long a memory takes here that no command waits for another: waits are the card's matter, not the path's. */
const ANSWER_CYCLES = 1000

/** Runs single packets through a program's words on one core and notes what they cost: the paths that a card follows. */
export class PathRecorder implements MemoryPort {
  readonly #program: CardProgram
  readonly #core: CardCore
  #steps: PathStep[] = []
  /** Since when the context has had the core. */
  #since = 0

  constructor(program: CardProgram) {
    this.#program = program
    this.#core = new CardCore({
      id: 0,
      contexts: 4,
      port: this,
      program,
      words: placedWords(program),
      cycles: { before: 0, after: 0 },
      onDone: (_context, cycle) => void this.#steps.push({ cycles: cycle - this.#since }),
    })
  }

  /** One packet's way. The frame is copied, maps are changed. */
  record(frame: Uint8Array): PacketPath {
    const { engine } = this.#core
    this.#steps = []
    this.#since = engine.cycle
    this.#core.give(0, frame, engine.cycle)
    engine.run(Number.MAX_SAFE_INTEGER)
    return { steps: this.#steps, ...this.#core.outcome(0) }
  }

  /** Gives its guest memory back. */
  close(): void {
    this.#core.close()
  }

  /** A command leaves the core: it is answered at once, as far as the core can tell. */
  issue(command: MemoryCommandSlot): void {
    const asked = this.#core.commandOf(command)
    // What is added is not read back: programs run on without it.
    const isKept = this.#program.keepsMaps === true && asked.operation === 'add' && command.memory === undefined
    if (!isKept) performCommand({ bytes: this.#program.memory.u8 }, command)
    this.#steps.push({ cycles: command.issuedAt - this.#since, command: asked })
    const answered = command.issuedAt + ANSWER_CYCLES
    this.#since = command.wakes ? answered : command.issuedAt
    this.#core.engine.complete(command, answered)
  }
}
