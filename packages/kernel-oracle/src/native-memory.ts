import koffi, { type LibraryHandle } from 'koffi'

const PROT_READ_WRITE = 3
/** MAP_PRIVATE | MAP_ANONYMOUS */
const MAP_PRIVATE_ANONYMOUS = 0x22
const MAP_FAILED = 0xffffffffffffffffn

/** Memory at an address that never changes, so that structures with pointers can be laid out in it. */
export interface NativeMemory {
  /** Its first byte's address. */
  readonly address: number
  readonly bytes: Uint8Array
  readonly view: DataView
}

/** System calls that are made by number. */
export type CallName = 'bpf' | 'capget' | 'capset' | 'gettid' | 'timer_create' | 'timer_settime' | 'timer_delete'

/** libc as this package uses it. */
export interface Libc {
  /** The result, or the errno below zero. Arguments are numbers and addresses. */
  readonly call: (name: CallName, first?: number, second?: number, third?: number, fourth?: number) => number
  readonly close: (fd: number) => number
  /** @param action address of a struct sigaction */
  readonly setSignalAction: (signal: number, action: number) => number
  /** Address of a function that takes a number and touches nothing: what a signal may be handled by. */
  readonly harmlessFunction: () => number
  /** Pages are only taken as they are written. */
  readonly allocate: (sizeBytes: number) => NativeMemory
}

// biome-ignore format: table
const CALL_NUMBERS: Readonly<Record<string, Readonly<Record<CallName, number>>>> = {
  x64:   { bpf: 321, capget: 125, capset: 126, gettid: 186, timer_create: 222, timer_settime: 223, timer_delete: 226 },
  arm64: { bpf: 280, capget:  90, capset:  91, gettid: 178, timer_create: 107, timer_settime: 110, timer_delete: 111 },
}

/** Binds libc; a word on why not where there is none, or where the numbers of system calls aren't known. */
export function bindLibc(architecture: string): Libc | string {
  const numbers = CALL_NUMBERS[architecture]
  if (numbers === undefined) return `the kernel oracle has no bpf(2) number for ${architecture}`
  try {
    return bind(koffi.load('libc.so.6'), numbers)
  } catch (error) {
    return `the kernel oracle finds no GNU C library: ${(error as Error).message}`
  }
}

function bind(libc: LibraryHandle, numbers: Readonly<Record<CallName, number>>): Libc {
  const syscall = libc.func(
    'long syscall(long number, long first, uintptr_t second, uintptr_t third, uintptr_t fourth)',
  )
  const close = libc.func('int close(int fd)')
  const sigaction = libc.func('int sigaction(int signal, uintptr_t action, uintptr_t before)')
  const mmap = libc.func('void *mmap(void *address, size_t length, int prot, int flags, int fd, long offset)')
  return {
    call: (name, first = 0, second = 0, third = 0, fourth = 0) => {
      const result = Number(syscall(numbers[name], first, second, third, fourth))
      return result < 0 ? -koffi.errno() : result
    },
    close: (fd) => close(fd) as number,
    setSignalAction: (signal, action) => sigaction(signal, action, 0) as number,
    harmlessFunction: () => Number(koffi.address(libc.symbol('abs'))),
    allocate: (sizeBytes) => {
      const pointer = mmap(null, sizeBytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0) as bigint
      if (pointer === MAP_FAILED) throw new Error(`mmap of ${sizeBytes} bytes failed`)
      const buffer = koffi.view(pointer, sizeBytes) as ArrayBuffer
      return { address: Number(koffi.address(pointer)), bytes: new Uint8Array(buffer), view: new DataView(buffer) }
    },
  }
}
