/** Linux error numbers that bpf(2) and the XDP attach path give. @see include/uapi/asm-generic/errno.h */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  E2BIG: 7,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  ENOSPC: 28,
  ERANGE: 34,
  ENOSYS: 38,
  ELOOP: 40,
  EBADRQC: 56,
  EPROTO: 71,
  EOVERFLOW: 75,
  EBADFD: 77,
  ENOTSOCK: 88,
  EMSGSIZE: 90,
  EOPNOTSUPP: 95,
  EAFNOSUPPORT: 97,
  ENETDOWN: 100,
  ENOBUFS: 105,
  /** Internal to the kernel, but bpf(2) lets it out. */
  ENOTSUPP: 524,
} as const

export type ErrnoName = keyof typeof ERRNO

const NAMES: ReadonlyMap<number, ErrnoName> = new Map(
  Object.entries(ERRNO).map(([name, value]) => [value, name as ErrnoName]),
)

/** `EINVAL` for 22 or -22; the number itself where it has no name here. */
export function errnoName(errno: number): string {
  const value = Math.abs(errno)
  return NAMES.get(value) ?? String(value)
}

const TEXTS: Partial<Record<ErrnoName, string>> = {
  EPERM: 'Operation not permitted',
  ENOENT: 'No such file or directory',
  E2BIG: 'Argument list too long',
  EBADF: 'Bad file descriptor',
  ENOMEM: 'Cannot allocate memory',
  EACCES: 'Permission denied',
  EFAULT: 'Bad address',
  EBUSY: 'Device or resource busy',
  EEXIST: 'File exists',
  ENODEV: 'No such device',
  EINVAL: 'Invalid argument',
  ENOSPC: 'No space left on device',
  ERANGE: 'Numerical result out of range',
  EPROTO: 'Protocol error',
  EOPNOTSUPP: 'Operation not supported',
  EAFNOSUPPORT: 'Address family not supported by protocol',
}

/** What strerror(3) says; `Unknown error N` as glibc where there is no text. */
export function errnoText(errno: number): string {
  const value = Math.abs(errno)
  const name = NAMES.get(value)
  return (name === undefined ? undefined : TEXTS[name]) ?? `Unknown error ${value}`
}
