/** What a signal in the runner says about the program. @see signal(7) */
import { ExecutionFault, type FaultCode } from '@bpfoundry/engine'
import { NULL_PAGE_BYTES } from '@bpfoundry/guest-memory'
import { FIELD, GUEST_ADDRESS } from './control-area.ts'
import type { ControlFields } from './runner.ts'

const SIGSEGV = 11

/** Fault by signal number. */
// biome-ignore format: table
const SIGNALS: Readonly<Record<number, { readonly name: string; readonly code: FaultCode; readonly message: string }>> = {
  4:  { name: 'SIGILL',  code: 'FAULT_BAD_OPCODE',        message: 'illegal A64 instruction' },
  5:  { name: 'SIGTRAP', code: 'FAULT_BAD_PC',            message: 'breakpoint' },
  7:  { name: 'SIGBUS',  code: 'FAULT_MISALIGNED_ATOMIC', message: 'access is not aligned' },
  8:  { name: 'SIGFPE',  code: 'FAULT_BAD_OPCODE',        message: 'arithmetic exception' },
  11: { name: 'SIGSEGV', code: 'FAULT_OUT_OF_BOUNDS',     message: 'access out of bounds' },
  14: { name: 'SIGALRM', code: 'FAULT_OUT_OF_FUEL',       message: 'program ran too long' },
}

/** The fault that the runner noted last. */
export function signalFault(fields: ControlFields): ExecutionFault {
  const signal = fields.get(FIELD.signal)
  const { name, code, message } = SIGNALS[signal] ?? {
    name: `signal ${signal}`,
    code: 'FAULT_BAD_PC',
    message: 'crash',
  }
  const address = fields.get(FIELD.faultAddress) - GUEST_ADDRESS
  if (signal !== SIGSEGV) return new ExecutionFault({ code, message, got: name })
  const got = `${name} at guest address ${address < 0 ? '-' : ''}0x${Math.abs(address).toString(16)}`
  if (address >= 0 && address < NULL_PAGE_BYTES) {
    return new ExecutionFault({ code: 'FAULT_NULL_POINTER', message: 'access in the NULL page', got })
  }
  return new ExecutionFault({ code, message, got })
}

/** The run ended with its process. */
export function processFault(cause: unknown): ExecutionFault {
  return new ExecutionFault({
    code: 'FAULT_BAD_PC',
    message: 'the process that ran the program ended',
    hint: 'the next run starts another',
    cause,
  })
}
