/** Helpers on ring buffers. @see kernel/bpf/ringbuf.c (6.12) */
import { type Cpu, type HelperFunction, returnErrno, returnU32 } from '@bpfoundry/engine'
import { ERRNO } from '@bpfoundry/kernel-abi'
import { type RingbufMap, ringOfRecord } from '@bpfoundry/maps'
import { DYNPTR_KIND, LARGEST_DYNPTR_BYTES, readDynptr, writeDynptr, writeNullDynptr } from './dynptr/dynptr.ts'
import type { HelperEnvironment } from './helper-environment.ts'
import { returnNumber, u32Argument, u64Argument } from './registers.ts'

/** BPF_RB_NO_WAKEUP and BPF_RB_FORCE_WAKEUP: nobody sleeps here until there is something to read. */
const WAKE_FLAGS = 3

type Make = (environment: HelperEnvironment) => HelperFunction

const ringAt = ({ mapAt }: HelperEnvironment, address: number): RingbufMap => mapAt(address) as RingbufMap

function commit(environment: HelperEnvironment, { memory }: Cpu, record: number, isDiscarded: boolean): void {
  ringAt(environment, ringOfRecord(memory, record)).commit(record, isDiscarded)
}

/** bpf_ringbuf_reserve(map, size, flags): the record's bytes, or NULL. */
export const ringbufReserve: Make = (environment) => (cpu) => {
  const room = u64Argument(cpu, 3) === 0 ? ringAt(environment, u32Argument(cpu, 1)).reserve(u64Argument(cpu, 2)) : 0
  returnU32(cpu, room)
}

/** bpf_ringbuf_submit and bpf_ringbuf_discard(record, flags) */
export const ringbufFinish =
  (isDiscarded: boolean): Make =>
  (environment) =>
  (cpu) => {
    commit(environment, cpu, u32Argument(cpu, 1), isDiscarded)
    returnU32(cpu, 0)
  }

/** bpf_ringbuf_output(map, data, size, flags): 0, -EINVAL for unknown flags, -EAGAIN where there is no room. */
export const ringbufOutput: Make = (environment) => (cpu) => {
  const [data, size] = [u32Argument(cpu, 2), u64Argument(cpu, 3)]
  if (u64Argument(cpu, 4) > WAKE_FLAGS) {
    returnErrno(cpu, -ERRNO.EINVAL)
    return
  }
  const ring = ringAt(environment, u32Argument(cpu, 1))
  const record = ring.reserve(size)
  if (record === 0) {
    returnErrno(cpu, -ERRNO.EAGAIN)
    return
  }
  cpu.memory.u8.copyWithin(record, data, data + size)
  ring.commit(record, false)
  returnErrno(cpu, 0)
}

/** BPF_RB_AVAIL_DATA and so on: what is asked for. */
const ANSWERS: readonly ((ring: RingbufMap) => number)[] = [
  (ring) => ring.producerPosition - ring.consumerPosition,
  (ring) => ring.ringBytes,
  (ring) => ring.consumerPosition,
  (ring) => ring.producerPosition,
]

/** bpf_ringbuf_query(map, what): a number; 0 for what is not known. */
export const ringbufQuery: Make = (environment) => (cpu) => {
  returnNumber(cpu, ANSWERS[u64Argument(cpu, 2)]?.(ringAt(environment, u32Argument(cpu, 1))) ?? 0)
}

/** bpf_ringbuf_reserve_dynptr(map, size, flags, ptr): 0; -EINVAL, -E2BIG and a null dynptr. */
export const ringbufReserveDynptr: Make = (environment) => (cpu) => {
  const [sizeBytes, at] = [u32Argument(cpu, 2), u32Argument(cpu, 4)]
  const tooLarge = sizeBytes > LARGEST_DYNPTR_BYTES ? -ERRNO.E2BIG : 0
  const problem = u64Argument(cpu, 3) === 0 ? tooLarge : -ERRNO.EINVAL
  const data = problem === 0 ? ringAt(environment, u32Argument(cpu, 1)).reserve(sizeBytes) : 0
  if (data === 0) {
    writeNullDynptr(cpu, at)
    returnErrno(cpu, problem || -ERRNO.EINVAL)
    return
  }
  writeDynptr(cpu, at, { data, kind: DYNPTR_KIND.ringbuf, isReadOnly: false, sizeBytes, offsetBytes: 0 })
  returnErrno(cpu, 0)
}

/** bpf_ringbuf_submit_dynptr and bpf_ringbuf_discard_dynptr(ptr, flags): it is null afterwards. */
export const ringbufFinishDynptr =
  (isDiscarded: boolean): Make =>
  (environment) =>
  (cpu) => {
    const at = u32Argument(cpu, 1)
    const { data } = readDynptr(cpu, at)
    if (data !== 0) commit(environment, cpu, data, isDiscarded)
    if (data !== 0) writeNullDynptr(cpu, at)
    returnU32(cpu, 0)
  }
