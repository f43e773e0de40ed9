import type { ClassicInsn } from '../classic-insn.ts'
import type { ClassicState } from '../classic-state.ts'
import { ClassicMachine } from '../machine.ts'
import type { ClassicHost } from '../socket-buffer.ts'
import { Breakpoints } from './breakpoints.ts'
import { packetDump, registerDump } from './dump-text.ts'
import { type DebuggerPacket, PacketCursor, packetBuffer } from './packet-cursor.ts'
import { StepHistory } from './step-history.ts'
import { Watchpoints } from './watchpoints.ts'

/** How a debugger behaves. */
export interface ClassicDebuggerOptions {
  /**
   * As bpf_dbg does, down to where its behaviour surprises: a verdict of 2^31 or more ends `run`, as it is negative as an int, and
   * `select 1` is the second packet. Default: false.
   */
  readonly asBpfDbg?: boolean
}

/** Why a run came to a stop before all packets were through. */
export type DebuggerStop = 'breakpoint' | 'watch' | 'negative'

/** What `run` and `step` did. */
export interface DebuggerRun {
  /** What is shown of it. */
  readonly lines: readonly string[]
  readonly stop: DebuggerStop | undefined
}

/** Of how many packets in a row programs said what. */
interface Verdicts {
  passes: number
  fails: number
}

/**
 * Runs a program on the packets of a capture, and stops where it is told to. A stop at an instruction shows the machine as
 * it is before that one, and then executes it: so the next step shows the next instruction.
 */
export class ClassicDebugger {
  readonly breakpoints: Breakpoints = new Breakpoints()
  readonly watchpoints: Watchpoints = new Watchpoints()
  readonly #asBpfDbg: boolean
  readonly #history = new StepHistory()
  readonly #host: ClassicHost = { cpu: 0, random: () => this.#random() }
  #machine: ClassicMachine | undefined
  #cursor: PacketCursor | undefined
  #state: ClassicState | undefined
  #verdicts: Verdicts = { passes: 0, fails: 0 }

  constructor({ asBpfDbg = false }: ClassicDebuggerOptions = {}) {
    this.#asBpfDbg = asBpfDbg
  }

  /** The program; empty where none is loaded. */
  get insns(): readonly ClassicInsn[] {
    return this.#machine?.insns ?? []
  }

  /** The packets; undefined where none are loaded. */
  get packets(): PacketCursor | undefined {
    return this.#cursor
  }

  /** The machine between two instructions; undefined before the first of a packet. */
  get state(): ClassicState | undefined {
    return this.#state
  }

  /** Forgets the program, its breakpoints and where it was. */
  unloadProgram(): void {
    this.#machine = undefined
    this.breakpoints.reset()
    this.reset()
  }

  /** @throws CbpfError CBPF_REFUSED where the kernel's checker refuses it */
  loadProgram(insns: readonly ClassicInsn[]): void {
    this.unloadProgram()
    this.#machine = new ClassicMachine(insns)
  }

  /** Other packets, for a program that goes on where it is. None: there is no capture. */
  loadPackets(packets: readonly DebuggerPacket[]): void {
    this.#cursor = packets.length === 0 ? undefined : new PacketCursor(packets, this.#asBpfDbg)
    if (this.#state !== undefined && this.#cursor !== undefined) {
      this.#state = { ...this.#state, buffer: packetBuffer(this.#cursor.packet) }
    }
  }

  /** Back to the first instruction. */
  reset(): void {
    this.#state = undefined
    this.#history.clear()
  }

  /** Runs packets from this one on, `most` of them at most, and goes back to the first. */
  run(most: number = Number.POSITIVE_INFINITY): DebuggerRun {
    const cursor = this.#requireCursor()
    let count = 0
    do {
      const { lines, stop } = this.#runPacket((pc) => this.breakpoints.has(pc))
      if (stop !== undefined) return { lines, stop }
      const result = this.#current().result as number
      if (this.#asBpfDbg && (result | 0) < 0) return { lines, stop: 'negative' }
      this.#verdicts[result === 0 ? 'fails' : 'passes']++
      this.reset()
      count++
    } while (cursor.advance() && count < most)
    const { passes, fails } = this.#verdicts
    this.#verdicts = { passes: 0, fails: 0 }
    cursor.rewind()
    return { lines: [`bpf passes:${passes} fails:${fails}`], stop: undefined }
  }

  /** Shows the `count`th instruction from here, and executes it and those before; to the next packet where the program ends. */
  step(count: number): DebuggerRun {
    const cursor = this.#requireCursor()
    let left = count
    const { lines, stop } = this.#runPacket(() => --left === 0)
    if (this.#current().result === undefined) return { lines, stop }
    this.reset()
    if (cursor.advance()) return { lines: [...lines, '(next packet)'], stop }
    cursor.rewind()
    return { lines: [...lines, '(going back to first packet)'], stop }
  }

  /** Takes `count` steps back, and the last one that was shown; false where that is before the first. */
  stepBack(count: number): boolean {
    if (this.#history.length - 1 < count) return false
    for (let step = 0; step <= count; step++) this.#history.undo(this.#current())
    return true
  }

  /** Back to the last breakpoint, the last change of what is watched, or the first instruction of the packet; shows it. */
  runBack(): DebuggerRun {
    const state = this.#current()
    for (;;) {
      this.watchpoints.before(state)
      if (!this.#history.undo(state)) return { lines: [...this.dump(), '(first instruction)'], stop: undefined }
      const changes = this.watchpoints.changes(state)
      if (changes.length > 0) return { lines: [...changes, ...this.dump()], stop: 'watch' }
      if (this.breakpoints.has(state.pc)) return { lines: [...this.dump(), '(breakpoint)'], stop: 'breakpoint' }
    }
  }

  /** Goes to a packet, from 0; false, and to the first one, where there is none of that number. */
  select(index: number): boolean {
    const cursor = this.#requireCursor()
    cursor.rewind()
    this.reset()
    for (let passed = 0; passed < index; passed++) {
      if (cursor.advance()) continue
      cursor.rewind()
      return false
    }
    return true
  }

  /** Registers and packet, as they are. */
  dump(): string[] {
    return [...registerDump(this.#current(), this.insns), ...packetDump(this.#requireCursor().packet)]
  }

  #runPacket(stopsAt: (pc: number) => boolean): DebuggerRun {
    const machine = this.#machine as ClassicMachine
    const state = this.#current()
    while (state.result === undefined) {
      const stopped = stopsAt(state.pc)
      const lines = stopped ? [...this.dump(), '(breakpoint)'] : []
      this.#history.push(state, machine.insns[state.pc] as ClassicInsn)
      this.watchpoints.before(state)
      machine.step(state)
      const changes = this.watchpoints.changes(state)
      if (stopped) return { lines: [...lines, ...changes], stop: 'breakpoint' }
      if (changes.length > 0) return { lines: [...changes, ...this.dump()], stop: 'watch' }
    }
    return { lines: [], stop: undefined }
  }

  #current(): ClassicState {
    const machine = this.#machine
    if (machine === undefined) throw new Error('no program is loaded')
    this.#state ??= machine.start(packetBuffer(this.#requireCursor().packet), this.#host)
    return this.#state
  }

  #requireCursor(): PacketCursor {
    if (this.#cursor === undefined) throw new Error('no packets are loaded')
    return this.#cursor
  }

  /** The same number for the same instruction of the same packet, so that going back and on again repeats. */
  #random(): number {
    const seed = Math.imul(this.#cursor?.index ?? 0, 0x9e3779b1) ^ Math.imul(this.#state?.executed ?? 0, 0x85ebca6b)
    return Math.imul(seed ^ (seed >>> 15), 0xc2b2ae35) >>> 0
  }
}
