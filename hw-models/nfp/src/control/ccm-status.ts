import { ERRNO } from '@bpfoundry/kernel-abi'

/** EBADFD as the driver has it. */
const STATUS_ERRNO: readonly number[] = [
  0,
  ERRNO.EBADFD,
  ERRNO.ENOENT,
  ERRNO.EINVAL,
  ERRNO.EIO,
  ERRNO.EEXIST,
  ERRNO.ENOMEM,
  ERRNO.E2BIG,
]

/** What the firmware answers: enum nfp_bpf_cmsg_status. */
export const CCM_STATUS = { SUCCESS: 0, MAP_FD: 1, MAP_ERR: 3, MAP_PARSE: 4 } as const

/**
 * The errno of a status: 0, or positive.
 *
 * @returns undefined for a number that the driver does not know, which it takes for EIO
 * @see nfp_bpf_ctrl_rc_to_errno in nfp/bpf/cmsg.c
 */
export function statusErrno(status: number): number | undefined {
  return STATUS_ERRNO[status]
}

/** The status for what a map operation answers, 0 or -errno; the general one for an errno that has none. */
export function errnoStatus(result: number): number {
  const status = STATUS_ERRNO.indexOf(-result)
  return status < 0 ? CCM_STATUS.MAP_ERR : status
}
