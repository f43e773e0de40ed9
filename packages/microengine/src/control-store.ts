import { type CmdInstruction, decode, type Instruction, type Word, withoutEcc } from '@bpfoundry/microcode'
import type { ContextCount } from './core-state.ts'
import { type CommandForm, commandForm } from './execution/commands.ts'
import type { FirmwareRoutine } from './firmware.ts'
import { MicroengineError } from './microengine-error.ts'

/** Words of a control store. */
export const CONTROL_STORE_WORDS = 8192

/** Words that are kept decoded, for the next core that loads them. */
const MOST_DECODED = 1 << 14
const DECODED: Readonly<Record<ContextCount, Map<Word, Instruction | undefined>>> = { 4: new Map(), 8: new Map() }

/** What a word says. Fifty cores of a card load the same program: it is decoded for the first one. */
function decodeOnce(word: Word, contexts: ContextCount): Instruction | undefined {
  const known = DECODED[contexts]
  const kept = known.get(word)
  if (kept !== undefined || known.has(word)) return kept
  if (known.size === MOST_DECODED) known.clear()
  const instruction = decode(word, { contexts })
  known.set(word, instruction)
  return instruction
}

/**
 * The words of a core, decoded once, and the firmware's routines. Routines may lie above the store, as addresses of a branch
 * reach to twice its length.
 */
export class ControlStore {
  readonly contexts: ContextCount
  /** What each word says; `undefined` where there is none, or none that can be decoded. */
  readonly instructions: (Instruction | undefined)[] = new Array(CONTROL_STORE_WORDS).fill(undefined)
  /** The words as they were loaded, without check bits. */
  readonly words: (Word | undefined)[] = new Array(CONTROL_STORE_WORDS).fill(undefined)
  /** What is known of each word: 0 nothing, 1 it can be executed, 2 it cannot. */
  readonly executable: Uint8Array = new Uint8Array(CONTROL_STORE_WORDS)
  readonly routines: Map<number, FirmwareRoutine> = new Map()
  readonly #forms = new Map<CmdInstruction, CommandForm>()
  /** Changes with each `load`: what was made of the words is no longer valid. */
  version = 0

  constructor(contexts: ContextCount) {
    this.contexts = contexts
  }

  /** Puts words in. @throws MicroengineError MICROENGINE_STORE */
  load(address: number, words: readonly Word[]): void {
    if (!Number.isInteger(address) || address < 0 || address + words.length > CONTROL_STORE_WORDS) {
      throw new MicroengineError({
        code: 'MICROENGINE_STORE',
        message: 'the words do not fit into the control store',
        got: `${words.length} words at ${address}`,
        expected: `up to ${CONTROL_STORE_WORDS}`,
      })
    }
    words.forEach((word, index) => {
      const plain = withoutEcc(word)
      this.words[address + index] = plain
      this.instructions[address + index] = decodeOnce(plain, this.contexts)
    })
    this.executable.fill(0)
    this.version++
  }

  /** The form of a command word, made once. */
  form(instruction: CmdInstruction): CommandForm | undefined {
    let form = this.#forms.get(instruction)
    if (form === undefined) {
      form = commandForm(instruction)
      if (form !== undefined) this.#forms.set(instruction, form)
    }
    return form
  }

  /** Registers a routine; no words may lie there. @throws MicroengineError MICROENGINE_STORE */
  setRoutine(address: number, routine: FirmwareRoutine): void {
    if (!Number.isInteger(address) || address < 0 || this.words[address] !== undefined) {
      throw new MicroengineError({
        code: 'MICROENGINE_STORE',
        message: 'a routine lies where words are',
        got: `${routine.name} at ${address}`,
      })
    }
    this.routines.set(address, routine)
  }

  /** The same words, without routines: they stay as they are when this store is loaded again. */
  copy(): ControlStore {
    const store = new ControlStore(this.contexts)
    for (let address = 0; address < CONTROL_STORE_WORDS; address++) {
      store.words[address] = this.words[address]
      store.instructions[address] = this.instructions[address]
    }
    return store
  }
}
