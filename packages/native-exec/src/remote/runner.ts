import { type ChildProcess, spawn } from 'node:child_process'
import { readSync, writeSync } from 'node:fs'
import type { MachineCode } from '@bpfoundry/codegen'
import { NativeExecError } from '../native-exec-error.ts'
import {
  CODE_BYTES,
  COMMAND,
  CONTROL_ADDRESS,
  CONTROL_BYTES,
  DATA_BYTES,
  FIELD,
  SIGNAL_STACK_BYTES,
  SIGNAL_STACK_OFFSET,
  STATUS,
  TABLE_OFFSET,
} from './control-area.ts'
import { elfExecutable } from './elf-image.ts'
import type { GuestFile } from './guest-file.ts'
import { runnerCommand } from './runner-command.ts'
import { type RunnerProgram, runnerProgram, SIGNAL_FLAGS } from './runner-program.ts'
import { sharedMemoryCalls } from './shared-memory.ts'

/** Where the runner finds its executable, by the descriptors it is started with. */
const ELF_FD = 4
const TWO_32 = 2 ** 32
const MICROSECONDS = 1000

/** Fields of the control area, as numbers. */
export interface ControlFields {
  get(offsetBytes: number): number
  set(offsetBytes: number, value: number): void
}

/** The control area goes with the object: views of it must never be left without memory. */
const forgotten = new FinalizationRegistry<number>((address) => sharedMemoryCalls().unmap(address, CONTROL_BYTES))

let program: RunnerProgram | undefined

/** What became of the runner that a run was in, or was to begin in. */
export class RunnerGone extends Error {
  /** False when the runner was gone before it heard of the command: nothing of it happened. */
  readonly heard: boolean

  constructor(message: string, heard: boolean) {
    super(message)
    this.heard = heard
  }
}

/**
 * A process that runs arm64 code: started once, then a run is a byte to it and a byte back. When it ends, by a crash that
 * its signal handler could not catch, the object is spent and the next run takes a new one.
 */
export class Runner implements ControlFields {
  readonly helpAddress: number
  readonly #child: ChildProcess
  readonly #commands: number
  readonly #answers: number
  readonly #words: Uint32Array
  readonly #bytes: Uint8Array
  readonly #doorbell = new Uint8Array(1)
  readonly #placed = new WeakMap<MachineCode, number>()
  #tableOwner: object | undefined
  readonly #tableIds = new Set<number>()
  #codeEnd = DATA_BYTES
  #guest: GuestFile | undefined
  #guestBytes = 0
  alive = true

  /** @throws NativeExecError NATIVE_PLATFORM where nothing runs arm64 code, NATIVE_MAP, NATIVE_CHILD, NATIVE_NO_KOFFI */
  constructor(cpu: string | undefined, timeoutMs: number) {
    const found = runnerCommand(cpu)
    if ('unavailable' in found) {
      throw new NativeExecError({ code: 'NATIVE_PLATFORM', message: `can't run arm64 code: ${found.unavailable}` })
    }
    program ??= runnerProgram()
    this.helpAddress = program.helpAddress
    const calls = sharedMemoryCalls()
    const control = calls.createFile('bpfoundry-control', CONTROL_BYTES)
    const address = calls.map(control, CONTROL_BYTES)
    forgotten.register(this, address)
    const buffer = calls.view(address, CONTROL_BYTES)
    this.#words = new Uint32Array(buffer)
    this.#bytes = new Uint8Array(buffer)
    this.#prepare(program, timeoutMs)
    const [commandsOut, commandsIn] = calls.pipe()
    const [answersOut, answersIn] = calls.pipe()
    const elf = executableFile(program)
    const [file, ...args] = [...found.command, `/proc/self/fd/${ELF_FD}`]
    this.#child = spawn(file as string, args, { stdio: [commandsOut, answersIn, 'inherit', control, elf] })
    this.#child.on('error', () => {})
    this.#child.unref()
    for (const fd of [commandsOut, answersIn, control, elf]) calls.close(fd)
    this.#commands = commandsIn
    this.#answers = answersOut
  }

  get(offsetBytes: number): number {
    const at = offsetBytes >>> 2
    return (this.#words[at] as number) + (this.#words[at + 1] as number) * TWO_32
  }

  set(offsetBytes: number, value: number): void {
    const at = offsetBytes >>> 2
    this.#words[at] = value
    this.#words[at + 1] = Math.floor(value / TWO_32)
  }

  /** Has a command carried out; what the runner answers. @throws RunnerGone */
  command(command: number): number {
    this.set(FIELD.command, command)
    this.#ring()
    try {
      if (readSync(this.#answers, this.#doorbell) === 1) return this.get(FIELD.status)
    } catch (error) {
      this.close()
      throw new RunnerGone(`runner is gone: ${String(error)}`, true)
    }
    this.close()
    throw new RunnerGone('runner is gone', true)
  }

  #ring(): void {
    try {
      writeSync(this.#commands, this.#doorbell)
    } catch (error) {
      this.close()
      throw new RunnerGone(`runner is gone: ${String(error)}`, false)
    }
  }

  /** Makes a guest memory, at its present length, what runs see. @throws RunnerGone; NativeExecError NATIVE_MAP */
  useGuest(guest: GuestFile): void {
    const guestBytes = guest.extend()
    if (guest === this.#guest && guestBytes === this.#guestBytes) return
    this.set(FIELD.guestBytes, guestBytes)
    this.#bytes.set(new TextEncoder().encode(`${guest.path}\0`), FIELD.path)
    if (this.command(COMMAND.MAP) !== STATUS.DONE) throw new RunnerGone('runner did not map guest memory', true)
    const mapped = this.#signed(FIELD.mapped)
    if (mapped < 0) {
      const message = `runner can't map ${guestBytes} bytes of guest memory: errno ${-mapped}`
      throw new NativeExecError({ code: 'NATIVE_MAP', message })
    }
    this.#guest = guest
    this.#guestBytes = guestBytes
  }

  /**
   * Where code lies in the runner; it is put there the first time. Room is never used again: qemu would not notice that
   * another process wrote other code where it has translated some already.
   *
   * @throws NativeExecError NATIVE_CODE_SIZE
   */
  addressOf(code: MachineCode): number {
    const known = this.#placed.get(code)
    if (known !== undefined) return known
    const at = this.#codeEnd
    const { bytes } = code
    if (at + bytes.length > CONTROL_BYTES) throw noRoom(bytes.length)
    this.#codeEnd = Math.ceil((at + bytes.length) / 16) * 16
    this.#bytes.set(bytes, at)
    this.#placed.set(code, CONTROL_ADDRESS + at)
    return CONTROL_ADDRESS + at
  }

  /**
   * Makes the tail calls of one environment what runs find: by program id where they lead. There is one table, which
   * whoever runs fills; of the one before, what it set is taken away.
   */
  useTable(owner: object, entries: () => Iterable<readonly [id: number, code: MachineCode]>): void {
    if (owner === this.#tableOwner) return
    for (const id of this.#tableIds) this.set(entryOffset(id), 0)
    this.#tableIds.clear()
    this.#tableOwner = owner
    for (const [id, code] of entries()) this.enterTable(owner, id, code)
  }

  /** Sets an entry, or with undefined takes it away, if the table is that owner's now. */
  enterTable(owner: object, id: number, code: MachineCode | undefined): void {
    if (owner !== this.#tableOwner) return
    this.set(entryOffset(id), code === undefined ? 0 : this.addressOf(code) + code.tailOffsetBytes)
    if (code === undefined) this.#tableIds.delete(id)
    else this.#tableIds.add(id)
  }

  /** Ends the process. */
  close(): void {
    if (!this.alive) return
    this.alive = false
    const { close } = sharedMemoryCalls()
    close(this.#commands)
    close(this.#answers)
    this.#child.kill('SIGKILL')
  }

  #signed(offsetBytes: number): number {
    return this.#words[(offsetBytes >>> 2) + 1]! >>> 31 === 1 ? this.#words[offsetBytes >>> 2]! | 0 : 0
  }

  #prepare({ faultAddress }: RunnerProgram, timeoutMs: number): void {
    // stack_t: ss_sp, ss_flags, ss_size
    this.set(FIELD.signalStack, CONTROL_ADDRESS + SIGNAL_STACK_OFFSET)
    this.set(FIELD.signalStack + 16, SIGNAL_STACK_BYTES)
    // struct sigaction: sa_handler, sa_flags, sa_restorer, sa_mask
    this.set(FIELD.signalAction, faultAddress)
    this.set(FIELD.signalAction + 8, SIGNAL_FLAGS)
    // struct itimerval: it_interval, it_value; seconds and microseconds each
    this.set(FIELD.timer + 16, Math.floor(timeoutMs / 1000))
    this.set(FIELD.timer + 24, Math.floor((timeoutMs % 1000) * MICROSECONDS))
  }
}

function executableFile({ bytes }: RunnerProgram): number {
  const elf = elfExecutable(bytes)
  const fd = sharedMemoryCalls().createFile('bpfoundry-runner', elf.length)
  writeSync(fd, elf, 0, elf.length, 0)
  return fd
}

const entryOffset = (id: number): number => TABLE_OFFSET + 8 * id

function noRoom(lengthBytes: number): NativeExecError {
  return new NativeExecError({
    code: 'NATIVE_CODE_SIZE',
    message: 'no room left in the runner for code',
    got: `${lengthBytes} bytes more`,
    expected: `${CODE_BYTES} bytes in all`,
    hint: 'close the engine: the next run starts another runner, and room of programs that are gone is not used again',
  })
}
