/**
 * The memory that JavaScript and the runner share besides the guest's: commands and answers, the NATIVE_CONTEXT of the
 * run, the table of tail calls, and the code. The runner maps it in two parts, so that nothing in its process can be both
 * written and executed: data readable and writable, code readable and executable.
 */
import { MAX_PROGRAM_ID } from '../program-table.ts'

/** Where the runner has the control area. A static program without libraries has all addresses for itself. */
export const CONTROL_ADDRESS: number = 2 ** 36
/** Where the runner has guest address 0. Its null page is not mapped, nor is what lies past guest memory's end. */
export const GUEST_ADDRESS: number = 2 ** 37

/** Bytes of the data part: one page of fields, the signal stack, and the table of tail calls. */
export const DATA_BYTES: number = 16 << 20
/** Bytes of code. Only pages that are written cost memory. */
export const CODE_BYTES: number = 240 << 20
export const CONTROL_BYTES: number = DATA_BYTES + CODE_BYTES

/** What JavaScript wants the runner to do. */
export const COMMAND = {
  /** Call `entry`. */
  RUN: 0,
  /** Map guest memory, from the file at `path`. */
  MAP: 1,
  /** The helper is done: go on behind its call. */
  GO_ON: 2,
  /** The helper threw: end the run. */
  ABANDON: 3,
} as const

/** What the runner answers. */
export const STATUS = {
  /** The command is carried out. */
  DONE: 0,
  /** Machine code calls helper number `helper` and waits. */
  HELPER: 1,
  /** Signal `signal` ended the run. */
  FAULT: 2,
} as const

/** Byte offsets of the fields, 64 bits each unless said otherwise. */
export const FIELD = {
  command: 0,
  status: 8,
  /** Runner's address of the code to run. */
  entry: 16,
  r1: 24,
  helper: 32,
  /** Runner's address behind the helper call at hand. */
  helperReturn: 40,
  signal: 48,
  /** Where a faulting access went, as the runner sees it. */
  faultAddress: 56,
  /** Runner's address of the instruction that faulted. */
  faultPc: 64,
  /** Stack pointer to go back to when a run ends early. */
  savedStack: 72,
  /** Bytes of guest memory that are mapped now, and that shall be. */
  mappedBytes: 80,
  guestBytes: 88,
  /** Answer of the last mmap: an address, or -errno. */
  mapped: 96,
  /** struct itimerval: how long a run may take; all zeros for ever. */
  timer: 104,
  /** struct itimerval of zeros. */
  noTimer: 136,
  /** stack_t of the signal stack. */
  signalStack: 168,
  /** struct sigaction for all signals. */
  signalAction: 192,
  /** Zero-terminated path of guest memory's file. */
  path: 256,
  /** One byte that goes through the pipes. */
  doorbell: 320,
  context: 384,
} as const

export const SIGNAL_STACK_OFFSET = 0x1_0000
export const SIGNAL_STACK_BYTES = 0x1_0000
/** The table of tail calls, by program id, of the environment that runs. */
export const TABLE_OFFSET = 0x2_0000
export const TABLE_ENTRIES: number = MAX_PROGRAM_ID + 1
