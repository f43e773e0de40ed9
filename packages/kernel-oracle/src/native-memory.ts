import koffi from 'koffi'

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

/** libc as this tool uses it. */
export interface Libc {
  /** Result, or -1 with {@link Libc.errno}. */
  readonly bpf: (command: number, attr: number, sizeBytes: number) => number
  readonly close: (fd: number) => number
  readonly errno: () => number
  /** Pages are only taken as they are written. */
  readonly allocate: (sizeBytes: number) => NativeMemory
}

const BPF_SYSCALL: Readonly<Record<string, number>> = { x64: 321, arm64: 280 }

/** Binds libc; undefined on an architecture whose bpf(2) number isn't known here. */
export function bindLibc(architecture: string): Libc | undefined {
  const number = BPF_SYSCALL[architecture]
  if (number === undefined) return undefined
  const libc = koffi.load('libc.so.6')
  const syscall = libc.func('long syscall(long number, long command, uintptr_t attr, unsigned long bytes)')
  const close = libc.func('int close(int fd)')
  const mmap = libc.func('void *mmap(void *address, size_t length, int prot, int flags, int fd, long offset)')
  return {
    bpf: (command, attr, sizeBytes) => Number(syscall(number, command, attr, sizeBytes)),
    close: (fd) => close(fd) as number,
    errno: () => koffi.errno(),
    allocate: (sizeBytes) => {
      const pointer = mmap(null, sizeBytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0) as bigint
      if (pointer === MAP_FAILED) throw new Error(`mmap of ${sizeBytes} bytes failed`)
      const buffer = koffi.view(pointer, sizeBytes) as ArrayBuffer
      return { address: Number(koffi.address(pointer)), bytes: new Uint8Array(buffer), view: new DataView(buffer) }
    },
  }
}
