/** The arm64 stubs, executed: a program that uses them as JavaScript does, and says by its exit status how far it came. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { a64 } from '@bpfoundry/jit-arm64'
import { describe, expect, it } from 'vitest'
import { GATE } from '../src/gate-layout.ts'
import { arm64Stubs } from '../src/gate-stubs-arm64.ts'
import { SYNCHRONISE_LISTING } from '../src/instruction-cache.ts'
import { CODE_ADDRESS, elfExecutable } from '../src/remote/elf-image.ts'
import { runnerCommand } from '../src/remote/runner-command.ts'
import { assembleListing } from '../src/stub-listing.ts'

const {
  W,
  X,
  SP,
  LINK,
  addImm,
  bl,
  cmpImm,
  bCond,
  ldrW,
  ldrX,
  ldpPop,
  mov,
  movn,
  movz,
  ret,
  stpPush,
  strW,
  strX,
  svc,
} = a64
const NE = a64.CONDITION.NE

/** Every piece begins at a multiple of this. */
const PIECE_BYTES = 256
const MAIN_PIECES = 2
const PIECE = { main: 0, machine: MAIN_PIECES, enter: 3, callHelper: 4, resume: 5, synchronise: 6 } as const
const offsetOf = (piece: keyof typeof PIECE): number => PIECE[piece] * PIECE_BYTES

/** What main maps for gate and stack. */
const GATE_ADDRESS = 0x1000_0000
const MAPPED_BYTES = 0x1_0000
const STACK_OFFSET = 0x8000
/** Where the machine code puts what it found in x20 behind its helper call. */
const FOUND = 0x1000
const R1 = 5
const HELPER = 12
const [OUTER_X20, INNER_X20] = [0x111, 0x222]
const OK = 42

/** Instruction words one after another; branches to a piece know where they stand. */
class Code {
  readonly words: number[] = []
  readonly #piece: keyof typeof PIECE

  constructor(piece: keyof typeof PIECE) {
    this.#piece = piece
  }

  put(...words: readonly number[]): this {
    this.words.push(...words)
    return this
  }

  call(piece: keyof typeof PIECE): this {
    return this.put(bl(offsetOf(piece) - offsetOf(this.#piece) - 4 * this.words.length))
  }

  /** exit(status) unless register `n` holds `value`. */
  check(width: typeof W | typeof X, n: number, value: number, status: number): this {
    return this.put(cmpImm(width, n, value), bCond(NE, 8), a64.b(16), movz(X, 0, status), movz(X, 8, 93), svc(0))
  }
}

/** `run(x0 = context, w1 = r1)`: calls helper r1 + 7, then stores x20 at FOUND. */
const machine = new Code('machine')
  .put(stpPush(29, LINK, SP, -16), movz(X, 20, INNER_X20), mov(X, 21, 0), addImm(W, 0, 1, HELPER - R1))
  .call('callHelper')
  .put(movz(X, 9, FOUND), a64.add(X, 9, 9, 21), strX(20, 9), ldpPop(29, LINK, SP, 16), ret())

const putField = (offsetBytes: number, register: number): number => strX(register, 19, offsetBytes)
const getWord = (offsetBytes: number): number => ldrW(9, 19, offsetBytes)

const main = new Code('main')
  // x19 = mmap(GATE_ADDRESS, MAPPED_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
  .put(movz(X, 0, GATE_ADDRESS >>> 16, 1), movz(X, 1, MAPPED_BYTES >>> 16, 1), movz(X, 2, 3), movz(X, 3, 0x32))
  .put(movn(X, 4, 0), movz(X, 5, 0), movz(X, 8, 222), svc(0), mov(X, 19, 0))
  .put(movz(X, 9, STACK_OFFSET), a64.add(X, 9, 9, 19), putField(GATE.stack, 9), putField(GATE.context, 19))
  .put(movz(X, 9, (CODE_ADDRESS + offsetOf('machine')) >>> 16, 1))
  .put(a64.movk(X, 9, (CODE_ADDRESS + offsetOf('machine')) & 0xffff), putField(GATE.entry, 9))
  .put(movz(W, 9, R1), strW(9, 19, GATE.argument), movz(X, 20, OUTER_X20), addImm(X, 22, SP, 0))
  .call('enter')
  .put(getWord(GATE.waiting))
  .check(W, 9, 1, 1)
  .put(getWord(GATE.helper))
  .check(W, 9, HELPER, 2)
  .check(X, 20, OUTER_X20, 3)
  .call('resume')
  .put(getWord(GATE.waiting))
  .check(W, 9, 0, 4)
  .check(X, 20, OUTER_X20, 5)
  .put(movz(X, 9, FOUND), a64.add(X, 9, 9, 19), ldrX(9, 9))
  .check(X, 9, INNER_X20, 6)
  // The stack pointer is back where it was.
  .put(addImm(X, 9, SP, 0), a64.sub(X, 9, 9, 22))
  .check(X, 9, 0, 7)
  .put(mov(X, 0, 19), addImm(X, 1, 19, 0xfff))
  .call('synchronise')
  .put(movz(X, 0, OK), movz(X, 8, 93), svc(0))

function programBytes(): Uint8Array {
  const stubs = arm64Stubs(GATE_ADDRESS)
  const pieces: Readonly<Record<keyof typeof PIECE, Uint8Array>> = {
    main: new Uint8Array(Uint32Array.from(main.words).buffer),
    machine: new Uint8Array(Uint32Array.from(machine.words).buffer),
    enter: assembleListing(stubs.enter),
    callHelper: assembleListing(stubs.callHelper),
    resume: assembleListing(stubs.resume),
    synchronise: assembleListing(SYNCHRONISE_LISTING),
  }
  const bytes = new Uint8Array(PIECE_BYTES * Object.keys(pieces).length + PIECE_BYTES)
  for (const [piece, code] of Object.entries(pieces)) bytes.set(code, offsetOf(piece as keyof typeof PIECE))
  return bytes
}

describe('the arm64 stubs, executed', () => {
  it('enter, wait for a helper, resume and end, registers and stacks kept; caches are synchronised', (context) => {
    const runner = runnerCommand()
    if ('unavailable' in runner) return context.skip(runner.unavailable)
    expect(4 * main.words.length).toBeLessThanOrEqual(MAIN_PIECES * PIECE_BYTES)
    const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-stubs-'))
    try {
      const file = join(folder, 'stubs')
      writeFileSync(file, elfExecutable(programBytes()))
      chmodSync(file, 0o755)
      const [command = file, ...args] = [...runner.command, file]
      const { status, signal } = spawnSync(command, args)
      expect({ status, signal }).toEqual({ status: OK, signal: null })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
