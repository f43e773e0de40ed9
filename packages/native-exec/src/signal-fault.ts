/** What a signal says about the program that machine code was made of. @see signal(7) */
import { ExecutionFault, type FaultCode } from '@bpfoundry/engine'
import { NULL_PAGE_BYTES } from '@bpfoundry/guest-memory'

/** A signal that machine code can cause. */
export interface SignalRow {
  readonly name: NodeJS.Signals
  /** On Linux. */
  readonly number: number
  readonly code: FaultCode
  readonly message: string
}

// biome-ignore format: one row a line
export const SIGNALS: readonly SignalRow[] = [
  { name: 'SIGILL',  number: 4,  code: 'FAULT_BAD_OPCODE',    message: 'machine code came to no instruction' },
  { name: 'SIGTRAP', number: 5,  code: 'FAULT_BAD_PC',        message: 'machine code ran past its end' },
  { name: 'SIGBUS',  number: 7,  code: 'FAULT_OUT_OF_BOUNDS', message: 'access to memory that is not there, or not aligned' },
  { name: 'SIGFPE',  number: 8,  code: 'FAULT_BAD_OPCODE',    message: 'machine code divided by zero or overflowed a division' },
  { name: 'SIGSEGV', number: 11, code: 'FAULT_OUT_OF_BOUNDS', message: 'access out of bounds' },
]

/** A crash in machine code, as its signal handler was told. */
export interface MachineFault {
  /** Number of the signal. */
  readonly signal: number
  /** Host address of the access, where it was one. */
  readonly address: number
  /** Host address of the instruction. */
  readonly pc: number
}

/** The fault of a program whose guest memory lies at `memoryBase`. */
export function signalFault({ signal, address }: MachineFault, memoryBase: number): ExecutionFault {
  const { name, code, message } = SIGNALS.find(({ number }) => number === signal) as SignalRow
  const guest = address - memoryBase
  // The CPU does not tell an address that it can't even form.
  if (name !== 'SIGSEGV' || address === 0) return new ExecutionFault({ code, message, got: name })
  const got = `${name} at guest address ${guest < 0 ? '-' : ''}0x${Math.abs(guest).toString(16)}`
  if (guest < 0 || guest >= NULL_PAGE_BYTES) return new ExecutionFault({ code, message, got })
  return new ExecutionFault({ code: 'FAULT_NULL_POINTER', message: 'access in the NULL page', got })
}
