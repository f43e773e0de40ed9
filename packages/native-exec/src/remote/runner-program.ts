/**
 * The runner: an AArch64 program that waits for a byte on its standard input, does what the control area says, and writes
 * a byte to its standard output. It has no library and allocates nothing; x19 holds the control area's address.
 *
 * ```
 * start:   map data and code of the control area; install the signal handler
 * wait:    await                         RUN: entry(context, r1)
 * done:    status = DONE; answer; to wait
 * await:   read a byte; MAP: map guest memory, answer, again; else return
 * help:    what machine code calls for a helper: status = HELPER; answer; await; GO_ON: return; else to done
 * fault:   signal handler: note signal, address and pc; status = FAULT; answer; to wait
 * ```
 *
 * @see syscalls(2), include/uapi/asm-generic/unistd.h
 */
import { type Label, MachineBuffer } from '@bpfoundry/codegen'
import { a64, IMM14, IMM19, IMM26 } from '@bpfoundry/jit-arm64'
import { CODE_BYTES, COMMAND, CONTROL_ADDRESS, DATA_BYTES, FIELD, GUEST_ADDRESS, STATUS } from './control-area.ts'
import { CODE_ADDRESS } from './elf-image.ts'

const { W, X, ZR, SP, LINK } = a64
const CONTROL = 19

// biome-ignore format: table
const SYSCALL = {
  openat: 56, close: 57, read: 63, write: 64, exit_group: 94, setitimer: 103, sigaltstack: 132, rt_sigaction: 134,
  munmap: 215, mmap: 222,
} as const

/** SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGALRM: all that a run may end in. */
const SIGNALS = [4, 5, 7, 8, 11, 14]
/** SA_SIGINFO | SA_ONSTACK | SA_NODEFER: the handler does not return, so that the signal must not stay blocked. */
export const SIGNAL_FLAGS: number = 0x4 | 0x0800_0000 | 0x4000_0000

const PROT_READ = 1
const PROT_WRITE = 2
const PROT_EXEC = 4
const MAP_SHARED_FIXED = 0x11
const AT_FDCWD = -100
const O_RDWR = 2
/** The descriptor that the runner is started with. */
export const CONTROL_FD = 3

/** si_addr in siginfo_t; pc in ucontext_t: behind flags, link, stack_t, 128 bytes of mask, in the machine context. */
const SIGINFO_ADDRESS = 16
const UCONTEXT_PC = 440

const NULL_PAGE_BYTES = 0x1_0000

/** Machine code of the runner, and the addresses in it that others must know. */
export interface RunnerProgram {
  readonly bytes: Uint8Array
  /** Where machine code calls helpers: NATIVE_CONTEXT.callHelper. */
  readonly helpAddress: number
  /** Signal handler. */
  readonly faultAddress: number
}

/** Writes instructions, with labels. */
class Listing {
  readonly code: MachineBuffer = new MachineBuffer()

  put(...words: readonly number[]): void {
    for (const word of words) this.code.u32(word)
  }

  branch(word: number, label: Label, patch: typeof IMM19): void {
    this.code.fixUp(label, patch)
    this.code.u32(word)
  }

  goto(label: Label): void {
    this.branch(a64.b(0), label, IMM26)
  }

  call(label: Label): void {
    this.branch(a64.bl(0), label, IMM26)
  }

  /** Rd = a number below 2^48. */
  constant(Rd: number, value: number): void {
    const quarters = [value % 2 ** 16, Math.floor(value / 2 ** 16) % 2 ** 16, Math.floor(value / 2 ** 32)]
    this.put(a64.movz(X, Rd, quarters[0] as number))
    for (const hw of [1, 2]) if (quarters[hw] !== 0) this.put(a64.movk(X, Rd, quarters[hw] as number, hw))
  }

  /** x0 = the system call's answer. Its arguments are in x0... */
  system(number: number): void {
    this.put(a64.movz(X, 8, number), a64.svc(0))
  }

  /** x0 = mmap(x0, x1, protection, MAP_SHARED | MAP_FIXED, x4, offset) */
  map(protection: number, offset: number): void {
    this.constant(2, protection)
    this.constant(3, MAP_SHARED_FIXED)
    this.constant(5, offset)
    this.system(SYSCALL.mmap)
  }

  load(Rt: number, field: number): void {
    this.put(a64.ldrX(Rt, CONTROL, field))
  }

  store(Rt: number, field: number): void {
    this.put(a64.strX(Rt, CONTROL, field))
  }

  /** read or write of the doorbell's byte. */
  doorbell(system: number, fd: number): void {
    this.constant(0, fd)
    this.put(a64.addImm(X, 1, CONTROL, FIELD.doorbell))
    this.constant(2, 1)
    this.system(system)
  }
}

/** Assembles the runner for {@link CODE_ADDRESS}. */
export function runnerProgram(): RunnerProgram {
  const listing = new Listing()
  const { code } = listing
  const labels = {
    wait: code.newLabel(),
    done: code.newLabel(),
    answer: code.newLabel(),
    await: code.newLabel(),
    exit: code.newLabel(),
  }
  putStart(listing, labels)
  putWait(listing, labels)
  putAwait(listing, labels)
  const helpAddress = CODE_ADDRESS + putHelp(listing, labels)
  const faultAddress = CODE_ADDRESS + putFault(listing, labels)
  code.bind(labels.exit)
  listing.constant(0, 0)
  listing.system(SYSCALL.exit_group)
  return { bytes: code.finish(), helpAddress, faultAddress }
}

interface Labels {
  readonly wait: Label
  readonly done: Label
  readonly answer: Label
  readonly await: Label
  readonly exit: Label
}

function putStart(l: Listing, { exit }: Labels): void {
  l.constant(CONTROL, CONTROL_ADDRESS)
  for (const [offset, bytes, protection] of [
    [0, DATA_BYTES, PROT_READ | PROT_WRITE],
    [DATA_BYTES, CODE_BYTES, PROT_READ | PROT_EXEC],
  ] as const) {
    l.constant(0, CONTROL_ADDRESS + offset)
    l.constant(1, bytes)
    l.constant(4, CONTROL_FD)
    l.map(protection, offset)
    l.branch(a64.tbnz(0, 63, 0), exit, IMM14)
  }
  l.put(a64.addImm(X, 0, CONTROL, FIELD.signalStack), a64.movz(X, 1, 0))
  l.system(SYSCALL.sigaltstack)
  for (const signal of SIGNALS) {
    l.put(a64.movz(X, 0, signal), a64.addImm(X, 1, CONTROL, FIELD.signalAction), a64.movz(X, 2, 0), a64.movz(X, 3, 8))
    l.system(SYSCALL.rt_sigaction)
  }
  l.put(a64.addImm(X, 9, SP, 0))
  l.store(9, FIELD.savedStack)
}

function putWait(l: Listing, labels: Labels): void {
  const { code } = l
  code.bind(labels.wait)
  l.call(labels.await)
  putTimer(l, FIELD.timer)
  l.put(a64.addImm(X, 0, CONTROL, FIELD.context), a64.ldrW(1, CONTROL, FIELD.r1))
  l.load(9, FIELD.entry)
  l.put(a64.blr(9))
  code.bind(labels.done)
  l.put(a64.movz(X, 9, STATUS.DONE))
  l.store(9, FIELD.status)
  code.bind(labels.answer)
  putTimer(l, FIELD.noTimer)
  l.doorbell(SYSCALL.write, 1)
  l.goto(labels.wait)
}

/** setitimer(ITIMER_REAL, field, 0), where runs are timed. */
function putTimer(l: Listing, field: number): void {
  const untimed = l.code.newLabel()
  l.load(9, FIELD.timer + 16)
  l.load(10, FIELD.timer + 24)
  l.put(a64.orr(X, 9, 9, 10))
  l.branch(a64.cbz(X, 9, 0), untimed, IMM19)
  l.put(a64.movz(X, 0, 0), a64.addImm(X, 1, CONTROL, field), a64.movz(X, 2, 0))
  l.system(SYSCALL.setitimer)
  l.code.bind(untimed)
}

/** Waits for a command; x9 holds it. Maps in between, also while a helper runs: it may have made guest memory grow. */
function putAwait(l: Listing, labels: Labels): void {
  const [mapping, mapped] = [l.code.newLabel(), l.code.newLabel()]
  l.code.bind(labels.await)
  l.doorbell(SYSCALL.read, 0)
  l.put(a64.cmpImm(X, 0, 1))
  l.branch(a64.bCond(a64.CONDITION.NE, 0), labels.exit, IMM19)
  l.load(9, FIELD.command)
  l.put(a64.cmpImm(X, 9, COMMAND.MAP))
  l.branch(a64.bCond(a64.CONDITION.EQ, 0), mapping, IMM19)
  l.put(a64.ret())
  l.code.bind(mapping)
  putMap(l, mapped)
  l.code.bind(mapped)
  l.put(a64.movz(X, 9, STATUS.DONE))
  l.store(9, FIELD.status)
  l.doorbell(SYSCALL.write, 1)
  l.goto(labels.await)
}

/** Guest memory but its null page, from a file that is opened for it; what was mapped before goes. */
function putMap(l: Listing, mapped: Label): void {
  const fresh = l.code.newLabel()
  l.load(1, FIELD.mappedBytes)
  l.branch(a64.cbz(X, 1, 0), fresh, IMM19)
  l.constant(0, GUEST_ADDRESS + NULL_PAGE_BYTES)
  l.put(a64.subImm(X, 1, 1, NULL_PAGE_BYTES >> 12, 1))
  l.system(SYSCALL.munmap)
  l.store(ZR, FIELD.mappedBytes)
  l.code.bind(fresh)
  l.put(a64.movn(X, 0, ~AT_FDCWD), a64.addImm(X, 1, CONTROL, FIELD.path), a64.movz(X, 2, O_RDWR), a64.movz(X, 3, 0))
  l.system(SYSCALL.openat)
  l.store(0, FIELD.mapped)
  l.branch(a64.tbnz(0, 63, 0), mapped, IMM14)
  l.put(a64.mov(X, 4, 0))
  l.load(1, FIELD.guestBytes)
  l.store(1, FIELD.mappedBytes)
  l.put(a64.subImm(X, 1, 1, NULL_PAGE_BYTES >> 12, 1))
  l.constant(0, GUEST_ADDRESS + NULL_PAGE_BYTES)
  l.map(PROT_READ | PROT_WRITE, NULL_PAGE_BYTES)
  l.store(0, FIELD.mapped)
  l.put(a64.mov(X, 0, 4))
  l.system(SYSCALL.close)
}

function putHelp(l: Listing, labels: Labels): number {
  const offset = l.code.offset
  l.put(a64.stpPush(CONTROL, LINK, SP, -16))
  l.constant(CONTROL, CONTROL_ADDRESS)
  l.store(0, FIELD.helper)
  l.store(LINK, FIELD.helperReturn)
  l.put(a64.movz(X, 9, STATUS.HELPER))
  l.store(9, FIELD.status)
  l.doorbell(SYSCALL.write, 1)
  l.call(labels.await)
  l.put(a64.cmpImm(X, 9, COMMAND.GO_ON))
  const abandon = l.code.newLabel()
  l.branch(a64.bCond(a64.CONDITION.NE, 0), abandon, IMM19)
  l.put(a64.ldpPop(CONTROL, LINK, SP, 16), a64.ret())
  l.code.bind(abandon)
  putUnwind(l)
  l.goto(labels.done)
  return offset
}

/** Back to the stack of the loop. */
function putUnwind(l: Listing): void {
  l.load(9, FIELD.savedStack)
  l.put(a64.addImm(X, SP, 9, 0))
}

/** x0 signal, x1 siginfo, x2 ucontext. */
function putFault(l: Listing, { answer }: Labels): number {
  const offset = l.code.offset
  l.constant(CONTROL, CONTROL_ADDRESS)
  l.put(a64.mov(W, 0, 0))
  l.store(0, FIELD.signal)
  l.put(a64.ldrX(9, 1, SIGINFO_ADDRESS))
  l.store(9, FIELD.faultAddress)
  l.put(a64.ldrX(9, 2, UCONTEXT_PC))
  l.store(9, FIELD.faultPc)
  l.put(a64.movz(X, 9, STATUS.FAULT))
  l.store(9, FIELD.status)
  putUnwind(l)
  l.goto(answer)
  return offset
}
