/**
 * Signal handlers that end a run instead of the process: for x86-64 Linux, in the child of a ContainedRunner. As machine
 * code has a stack of its own, the handler knows by the stack pointer whose crash it is. It notes what happened and lets
 * the interrupted thread go on in `leave`, which returns to JavaScript as a helper call does.
 *
 * @see sigaction(2), sigaltstack(2); struct ucontext in arch/x86/include/uapi/asm/sigcontext.h
 */
import { allocateStack, placeCode } from './executable-memory.ts'
import { addressOf, loadKoffi } from './foreign-functions.ts'
import { type Gate, threadGate } from './gate.ts'
import { GATE } from './gate-layout.ts'
import { leaveListing } from './gate-stubs-x86.ts'
import { SIGNALS } from './signal-fault.ts'
import { assembleListing, type ListingRow, littleEndian } from './stub-listing.ts'

/** struct sigaction of glibc: handler, mask of 128 bytes, flags, restorer (which the library sets). */
const SIGACTION = { handler: 0, flags: 136, sizeBytes: 152 } as const
/** SA_SIGINFO | SA_ONSTACK: the machine stack may be what is used up. */
const FLAGS = 0x4 | 0x0800_0000
/** struct sigaltstack: address, flags, size. */
const SIGALTSTACK = { address: 0, size: 16, sizeBytes: 24 } as const
const HANDLER_STACK_BYTES = 65_536
/** SIG_DFL and SIG_IGN are no addresses. */
const HIGHEST_SPECIAL_HANDLER = 1

/** What a handler holds. */
export interface HandlerParts {
  /** Host address of the gate. */
  readonly gate: number
  /** The machine stack, fence included. */
  readonly stack: { readonly address: number; readonly lengthBytes: number }
  /** Handler before this one, or 0: it gets what did not happen on the machine stack. */
  readonly before: number
}

/** `void handler(int signal, siginfo_t *info, ucontext_t *context)`; `leave` lies right behind it. */
// biome-ignore format: one instruction a line
export function handlerListing({ gate, stack, before }: HandlerParts): readonly ListingRow[] {
  const foreign: readonly ListingRow[] =
    before > HIGHEST_SPECIAL_HANDLER
      ? [
          [`movabs rax, 0x${before.toString(16)}`,      0x48, 0xb8, ...littleEndian(before, 8)],
          ['jmp rax',                                   0xff, 0xe0],
        ]
      : [
          // exit_group(128 + signal)
          ['mov eax, 0xe7',                             0xb8, ...littleEndian(0xe7, 4)],
          ['add edi, 0x80',                             0x81, 0xc7, ...littleEndian(0x80, 4)],
          ['syscall',                                   0x0f, 0x05],
        ]
  const foreignBytes = foreign.reduce((sum, [, ...bytes]) => sum + bytes.length, 0)
  return [
    ['mov rcx, qword ptr [rdx + 0xa0]',                 0x48, 0x8b, 0x8a, ...littleEndian(0xa0, 4)], // rsp
    [`movabs rax, 0x${stack.address.toString(16)}`,     0x48, 0xb8, ...littleEndian(stack.address, 8)],
    ['sub rcx, rax',                                    0x48, 0x29, 0xc1],
    [`cmp rcx, 0x${stack.lengthBytes.toString(16)}`,    0x48, 0x81, 0xf9, ...littleEndian(stack.lengthBytes, 4)],
    ['ja 0x53',                                         0x77, 0x36],
    [`movabs rax, 0x${gate.toString(16)}`,              0x48, 0xb8, ...littleEndian(gate, 8)],
    [`mov dword ptr [rax + 0x${GATE.signal.toString(16)}], edi`, 0x89, 0x78, GATE.signal],
    ['mov rcx, qword ptr [rsi + 0x10]',                 0x48, 0x8b, 0x4e, 0x10], // si_addr
    [`mov qword ptr [rax + 0x${GATE.faultAddress.toString(16)}], rcx`, 0x48, 0x89, 0x48, GATE.faultAddress],
    ['mov rcx, qword ptr [rdx + 0xa8]',                 0x48, 0x8b, 0x8a, ...littleEndian(0xa8, 4)], // rip
    [`mov qword ptr [rax + 0x${GATE.faultPc.toString(16)}], rcx`, 0x48, 0x89, 0x48, GATE.faultPc],
    [`mov dword ptr [rax + 0x${GATE.waiting.toString(16)}], 1`, 0xc7, 0x40, GATE.waiting, ...littleEndian(1, 4)],
    [`lea rcx, [rip + 0x${(8 + foreignBytes).toString(16)}]`, 0x48, 0x8d, 0x0d, ...littleEndian(8 + foreignBytes, 4)], // leave
    ['mov qword ptr [rdx + 0xa8], rcx',                 0x48, 0x89, 0x8a, ...littleEndian(0xa8, 4)],
    ['ret',                                             0xc3],
    ...foreign,
  ]
}

/** The C library's calls, on structures in buffers. */
function signalCalls(): {
  sigaction(signal: number, next: number, before: number): number
  sigaltstack(stack: number): number
} {
  const libc = loadKoffi().load('libc.so.6')
  const sigaction = libc.func('sigaction', 'int', ['int', 'uint64_t', 'uint64_t'])
  const sigaltstack = libc.func('sigaltstack', 'int', ['uint64_t', 'uint64_t'])
  return { sigaction, sigaltstack: (stack) => sigaltstack(stack, 0) }
}

const structOf = (sizeBytes: number): DataView<ArrayBuffer> => new DataView(new ArrayBuffer(sizeBytes))

/**
 * From now on a crash of machine code in this thread ends its run by an ExecutionFault. Several threads may ask for it, and
 * end before the others: each handler leaves what is not its own to the one before it.
 *
 * @returns whether this host can do so; where it can't, the crash ends the process
 */
export function catchFaults(): boolean {
  if (process.platform !== 'linux' || process.arch !== 'x64') return false
  const gate = threadGate()
  const { sigaction, sigaltstack } = signalCalls()
  const own = allocateStack(HANDLER_STACK_BYTES)
  const stack = structOf(SIGALTSTACK.sizeBytes)
  stack.setBigUint64(SIGALTSTACK.address, BigInt(own.address), true)
  stack.setBigUint64(SIGALTSTACK.size, BigInt(own.lengthBytes), true)
  let refused = sigaltstack(addressOf(stack.buffer))
  for (const { number } of SIGNALS) {
    const action = structOf(SIGACTION.sizeBytes)
    refused |= sigaction(number, 0, addressOf(action.buffer))
    action.setBigUint64(SIGACTION.handler, BigInt(placeHandler(gate, action)), true)
    action.setInt32(SIGACTION.flags, FLAGS, true)
    refused |= sigaction(number, addressOf(action.buffer), 0)
  }
  return refused === 0
}

/** @returns host address of a handler in front of the one that is set in `action` */
function placeHandler(gate: Gate, action: DataView): number {
  const before = Number(action.getBigUint64(SIGACTION.handler, true))
  const handler = handlerListing({ gate: gate.address, stack: gate.stack, before })
  return placeCode(assembleListing([...handler, ...leaveListing(gate.address)])).address
}
