import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { BoundCase } from './bound-programs.ts'

const { SCHED_CLS, CGROUP_SKB, XDP, RAW_TRACEPOINT } = PROG_TYPE
const END = '\nr0 = 0\nexit'
const pointer = (number: number, offset: number): string => `\nr${number} = r10\nr${number} += ${offset}`

function row(name: string, functions: string, asm: string, type: number = SCHED_CLS): BoundCase {
  return { name, calls: functions.split(' '), asm: asm + END, type }
}

/** r6 = the context; a dynptr of its packet at fp-16. */
const MADE = `r6 = r1\nr2 = 0${pointer(3, -16)}\ncall 9000`
const SKB = 'bpf_dynptr_from_skb bpf_dynptr_slice bpf_dynptr_slice_rdwr'
const XDP_PACKET = 'bpf_dynptr_from_xdp bpf_dynptr_slice bpf_dynptr_slice_rdwr'
/** r0 = 8 bytes of it, by a buffer at fp-24. */
const slice = (call = 9001, size: number | string = 8): string =>
  `${pointer(1, -16)}\nr2 = 0${pointer(3, -24)}\n*(u64 *)(r3 + 0) = 0\nr4 = ${size}\ncall ${call}`
const THERE = '\nif r0 == 0 goto out'
const OUT = '\nout:'

const PACKETS: readonly BoundCase[] = [
  row('a dynptr of a packet', SKB, MADE),
  row('a dynptr of a packet where there is none', SKB, MADE, RAW_TRACEPOINT),
  row('a slice of a packet', SKB, `${MADE}${slice()}${THERE}\nr0 = *(u64 *)(r0 + 0)${OUT}`),
  row('a slice that may be NULL', SKB, `${MADE}${slice()}\nr0 = *(u64 *)(r0 + 0)`),
  row('past a slice', SKB, `${MADE}${slice()}${THERE}\nr0 = *(u64 *)(r0 + 1)${OUT}`),
  row('a store to a slice', SKB, `${MADE}${slice()}${THERE}\n*(u64 *)(r0 + 0) = 1${OUT}`),
  row('a store to a slice for that', SKB, `${MADE}${slice(9002)}${THERE}\n*(u64 *)(r0 + 0) = 1${OUT}`),
  row('a slice to store to where packets are read', SKB, `${MADE}${slice(9002)}`, CGROUP_SKB),
  row('a slice of no known size', SKB, `${MADE}\nr7 = *(u32 *)(r6 + 0)\nr7 &= 7${slice(9001, 'r7')}`),
  row('a slice of any size', SKB, `${MADE}\nr7 = *(u32 *)(r6 + 0)${slice(9001, 'r7')}`),
  row('a slice without a buffer', SKB, `${MADE}${pointer(1, -16)}\nr2 = 0\nr3 = 0\nr4 = 8\ncall 9001`),
  row('a slice of a dynptr that was not made', SKB, slice()),
  row(
    'a slice after the packet moved',
    SKB,
    `${MADE}${slice()}${THERE}\nr7 = r0\nr1 = r6\nr2 = 0\ncall 39\nr0 = *(u64 *)(r7 + 0)${OUT}`,
  ),
  row(
    'a slice after a write to the packet',
    SKB,
    `${MADE}${slice()}${THERE}\nr7 = r0${pointer(1, -16)}\nr2 = 0${pointer(3, -24)}\nr4 = 8\nr5 = 0\ncall 202\nr0 = *(u64 *)(r7 + 0)${OUT}`,
  ),
  row('a slice handed to a helper', SKB, `${MADE}${slice()}${THERE}\nr1 = r0\nr2 = 8\ncall 6${OUT}`),
  row('a dynptr of a packet overwritten', SKB, `${MADE}\n*(u64 *)(r10 - 8) = 0`),
  row('a slice of a frame', XDP_PACKET, `${MADE}${slice()}${THERE}\nr0 = *(u64 *)(r0 + 0)${OUT}`, XDP),
  row(
    'a slice after the frame moved',
    XDP_PACKET,
    `${MADE}${slice()}${THERE}\nr7 = r0\nr1 = r6\nr2 = 0\ncall 44\nr0 = *(u64 *)(r7 + 0)${OUT}`,
    XDP,
  ),
]

const LOOKS = 'bpf_dynptr_from_skb bpf_dynptr_size bpf_dynptr_adjust bpf_dynptr_is_null bpf_dynptr_is_rdonly'
const CLONES = 'bpf_dynptr_from_skb bpf_dynptr_clone bpf_dynptr_size'
/** bpf_dynptr_clone(fp-16, fp-32) */
const CLONE = `${pointer(1, -16)}${pointer(2, -32)}\ncall 9001`
/** Of no packet: reserved in a ring buffer, submitted. */
const RESERVED = `r1 = ring ll\nr2 = 8\nr3 = 0${pointer(4, -16)}\ncall 198`
const submit = (at: number): string => `${pointer(1, at)}\nr2 = 0\ncall 199`

const OTHERS: readonly BoundCase[] = [
  row('the size of a dynptr', LOOKS, `${MADE}${pointer(1, -16)}\ncall 9001`),
  row('the size of no dynptr', LOOKS, `${pointer(1, -16)}\ncall 9001`),
  row('the size of a number', LOOKS, `r1 = 1\ncall 9001`),
  row('a dynptr made smaller', LOOKS, `${MADE}${pointer(1, -16)}\nr2 = 1\nr3 = 2\ncall 9002`),
  row('what is asked of a dynptr', LOOKS, `${MADE}${pointer(1, -16)}\ncall 9003${pointer(1, -16)}\ncall 9004`),
  row('a clone', CLONES, `${MADE}${CLONE}${pointer(1, -32)}\ncall 9002`),
  row('a clone of nothing', CLONES, CLONE),
  row('a clone over its original', CLONES, `${MADE}${pointer(1, -16)}${pointer(2, -16)}\ncall 9001`),
  row('a clone submitted', CLONES, `${RESERVED}${CLONE}${submit(-32)}`),
  row('a clone kept', CLONES, `${RESERVED}${CLONE}`),
  row('a clone and its original submitted', CLONES, `${RESERVED}${CLONE}${submit(-32)}${submit(-16)}`),
  row('a clone over what must be submitted', CLONES, `${RESERVED}${pointer(1, -16)}${pointer(2, -16)}\ncall 9001`),
]

export const KERNEL_DYNPTR_CASES: readonly BoundCase[] = [...PACKETS, ...OTHERS]
