/**
 * The kernel's short names of integers, `u8` to `s64`, for a vmlinux.h that is made up: behind `<linux/types.h>`.
 *
 * @see include/asm-generic/int-ll64.h
 */
export const KERNEL_INTEGERS: string = [8, 16, 32, 64]
  .map((bits) => `typedef __u${bits} u${bits};\ntypedef __s${bits} s${bits};\n`)
  .join('')
