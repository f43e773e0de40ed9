/** Memory that several processes see: anonymous files, mapped. @see memfd_create(2), mmap(2), pipe(2) */
import { lastErrno, loadKoffi } from '../foreign-functions.ts'
import { NativeExecError } from '../native-exec-error.ts'

const PROT_READ_WRITE = 3
const MAP_SHARED = 0x01
const MAP_FIXED = 0x10
const MFD_CLOEXEC = 1
const O_RDWR = 2
const O_CLOEXEC = 0o2_000_000
const FAILED = -1

/** The system calls used here, by koffi; addresses as numbers. */
export interface SharedMemoryCalls {
  /** A file without a name. @throws NativeExecError NATIVE_MAP */
  createFile(name: string, lengthBytes: number): number
  /** @throws NativeExecError NATIVE_MAP */
  resizeFile(fd: number, lengthBytes: number): void
  /** Maps a file anywhere; the address. @throws NativeExecError NATIVE_MAP */
  map(fd: number, lengthBytes: number): number
  /** Puts a piece of a file where something else is mapped. @throws NativeExecError NATIVE_MAP */
  mapOver(address: number, fd: number, offsetBytes: number, lengthBytes: number): void
  /** @throws NativeExecError NATIVE_MAP */
  unmap(address: number, lengthBytes: number): void
  /** Copies memory into a file. @throws NativeExecError NATIVE_MAP */
  copyToFile(fd: number, offsetBytes: number, address: number, lengthBytes: number): void
  /** A pipe: reading and writing end. @throws NativeExecError NATIVE_CHILD */
  pipe(): readonly [read: number, write: number]
  /** Opens a file for reading and writing. @throws NativeExecError NATIVE_MAP */
  open(path: string): number
  /** Closes what was opened here: by fs, Node would complain in worker threads, which keep account of theirs. */
  close(fd: number): void
  /** The bytes at an address, as they are. */
  view(address: number, lengthBytes: number): ArrayBuffer
}

let calls: SharedMemoryCalls | undefined

/** @throws NativeExecError NATIVE_PLATFORM but on Linux, NATIVE_NO_KOFFI */
export function sharedMemoryCalls(): SharedMemoryCalls {
  if (process.platform !== 'linux') {
    throw new NativeExecError({
      code: 'NATIVE_PLATFORM',
      message: `no foreign code on ${process.platform}`,
      expected: 'linux',
      hint: 'the wasm engine runs anywhere',
    })
  }
  calls ??= bindCalls()
  return calls
}

function bindCalls(): SharedMemoryCalls {
  const koffi = loadKoffi()
  const libc = koffi.load('libc.so.6')
  const memfdCreate = libc.func('memfd_create', 'int', ['str', 'uint'])
  const ftruncate = libc.func('ftruncate', 'int', ['int', 'int64_t'])
  const mmap = libc.func('mmap', 'intptr_t', ['intptr_t', 'size_t', 'int', 'int', 'int', 'int64_t'])
  const munmap = libc.func('munmap', 'int', ['intptr_t', 'size_t'])
  const pwrite = libc.func('pwrite', 'intptr_t', ['int', 'intptr_t', 'size_t', 'int64_t'])
  const openFile = libc.func('open', 'int', ['str', 'int'])
  const closeFile = libc.func('close', 'int', ['int'])
  const pipe2 = libc.func('pipe2', 'int', ['int *', 'int'])
  const check = (answer: number, call: string, code: 'NATIVE_MAP' | 'NATIVE_CHILD' = 'NATIVE_MAP'): number => {
    if (answer !== FAILED) return answer
    const errno = lastErrno(koffi)
    throw new NativeExecError({ code, message: `${call} failed: ${errno}`, errno })
  }
  const resizeFile = (fd: number, lengthBytes: number): void => {
    check(ftruncate(fd, lengthBytes) as number, `ftruncate to ${lengthBytes} bytes`)
  }
  return {
    createFile(name, lengthBytes) {
      const fd = check(memfdCreate(name, MFD_CLOEXEC) as number, 'memfd_create')
      resizeFile(fd, lengthBytes)
      return fd
    },
    resizeFile,
    map: (fd, lengthBytes) =>
      check(Number(mmap(0, lengthBytes, PROT_READ_WRITE, MAP_SHARED, fd, 0)), `mmap of ${lengthBytes} bytes`),
    mapOver(address, fd, offsetBytes, lengthBytes) {
      const flags = MAP_SHARED | MAP_FIXED
      check(Number(mmap(address, lengthBytes, PROT_READ_WRITE, flags, fd, offsetBytes)), `mmap of ${lengthBytes} bytes`)
    },
    unmap(address, lengthBytes) {
      check(munmap(address, lengthBytes) as number, 'munmap')
    },
    copyToFile(fd, offsetBytes, address, lengthBytes) {
      for (let done = 0; done < lengthBytes; ) {
        done += check(Number(pwrite(fd, address + done, lengthBytes - done, offsetBytes + done)), 'pwrite')
      }
    },
    pipe() {
      const ends = new Int32Array(2)
      check(pipe2(ends, O_CLOEXEC) as number, 'pipe2', 'NATIVE_CHILD')
      return [ends[0] as number, ends[1] as number]
    },
    open: (path) => check(openFile(path, O_RDWR | O_CLOEXEC) as number, `open of ${path}`),
    close(fd) {
      closeFile(fd)
    },
    view: (address, lengthBytes) => koffi.view(BigInt(address), lengthBytes),
  }
}
