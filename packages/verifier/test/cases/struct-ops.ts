import { PROG_FLAG, PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { BoundCase } from './bound-programs.ts'

const END = '\nr0 = 0\nexit'

function member(name: string, structOps: string, index: number, asm: string, calls?: string): BoundCase {
  const bound = { name, structOps, asm: asm + END, type: PROG_TYPE.STRUCT_OPS, attachType: index }
  return calls === undefined ? bound : { ...bound, calls: calls.split(' ') }
}

const TCP = 'tcp_congestion_ops'
/** Members of struct tcp_congestion_ops, in its order. */
const SSTHRESH = 0
const CONG_AVOID = 1
const PKTS_ACKED = 5
const CONG_CONTROL = 7
const GET_INFO = 10
const NAME = 11
const INIT = 16
const RELEASE = 17

function tcp(name: string, index: number, asm: string, calls?: string): BoundCase {
  return member(`congestion: ${name}`, TCP, index, asm, calls)
}

const SOCKET = 'r6 = *(u64 *)(r1 + 0)\n'

const CONGESTION: readonly BoundCase[] = [
  tcp('a socket', SSTHRESH, `${SOCKET}r7 = *(u32 *)(r6 + 0)`),
  tcp('past a socket', SSTHRESH, `${SOCKET}r7 = *(u32 *)(r6 + 8192)`),
  tcp('numbers', CONG_AVOID, 'r6 = *(u32 *)(r1 + 8)\nr7 = *(u64 *)(r1 + 16)'),
  tcp('past the arguments', CONG_AVOID, 'r6 = *(u64 *)(r1 + 24)'),
  tcp('no result to be seen', SSTHRESH, 'r6 = *(u64 *)(r1 + 8)'),
  tcp('half of a socket', SSTHRESH, 'r6 = *(u32 *)(r1 + 0)'),
  tcp('the middle of an argument', CONG_AVOID, 'r6 = *(u32 *)(r1 + 12)'),
  tcp('past all arguments', SSTHRESH, 'r6 = *(u64 *)(r1 + 96)'),
  tcp('a store to an argument', SSTHRESH, '*(u64 *)(r1 + 0) = 0'),
  tcp('a sample', PKTS_ACKED, 'r6 = *(u64 *)(r1 + 8)\nr7 = *(u32 *)(r6 + 0)'),
  tcp('a store to a sample', PKTS_ACKED, 'r6 = *(u64 *)(r1 + 8)\n*(u32 *)(r6 + 0) = 0'),
  tcp('a rate', CONG_CONTROL, 'r6 = *(u64 *)(r1 + 24)\nr7 = *(u64 *)(r6 + 0)'),
  { ...tcp('nothing to be answered', CONG_AVOID, ''), asm: 'exit' },
  { ...tcp('something to be answered', SSTHRESH, ''), asm: 'exit' },
  { ...tcp('a socket answered', SSTHRESH, ''), asm: 'r0 = *(u64 *)(r1 + 0)\nexit' },
  tcp('a function that is none of the programs', GET_INFO, ''),
  tcp('no function', NAME, ''),
  tcp('no member', 99, ''),
  { ...tcp('without a licence', SSTHRESH, ''), gpl: false },
  { ...tcp('asleep', SSTHRESH, SOCKET), flags: PROG_FLAG.SLEEPABLE },
  tcp('a store to a socket', SSTHRESH, `${SOCKET}*(u32 *)(r6 + 0) = 0`),
  tcp('a moved socket', SSTHRESH, `${SOCKET}r6 += 8\nr7 = *(u32 *)(r6 + 0)`),
  tcp(
    'an option set',
    INIT,
    `${SOCKET}r1 = r6\nr2 = 6\nr3 = 1\n*(u32 *)(r10 - 4) = 0\nr4 = r10\nr4 += -4\nr5 = 4\ncall 49`,
  ),
  tcp(
    'an option set at the end',
    RELEASE,
    `${SOCKET}r1 = r6\nr2 = 6\nr3 = 1\n*(u32 *)(r10 - 4) = 0\nr4 = r10\nr4 += -4\nr5 = 4\ncall 49`,
  ),
  tcp('an option got', INIT, `${SOCKET}r1 = r6\nr2 = 6\nr3 = 1\nr4 = r10\nr4 += -4\nr5 = 4\ncall 57`),
  tcp('an acknowledgement', INIT, `${SOCKET}r1 = r6\nr2 = 1\ncall 116`),
  tcp('the time', INIT, 'call 160'),
  tcp('a random number', INIT, 'call 7'),
  tcp('the running task', INIT, 'call 35'),
  tcp('the way it is done elsewhere', SSTHRESH, 'r1 = *(u64 *)(r1 + 0)\ncall 9000', 'tcp_reno_ssthresh'),
  tcp('two arguments of it', CONG_AVOID, 'r1 = *(u64 *)(r1 + 0)\nr2 = 1\nr3 = 2\ncall 9000', 'tcp_reno_cong_avoid'),
  tcp('a number for a socket', SSTHRESH, 'r1 = 5\ncall 9000', 'tcp_reno_ssthresh'),
  { ...tcp('a sample for a socket', PKTS_ACKED, 'r1 = *(u64 *)(r1 + 8)\ncall 9000', 'tcp_reno_ssthresh') },
]

/** Stores to fields of a socket, by the offsets that the kernel's types give: one case each. */
export const TCP_STORES: readonly (readonly [struct: string, field: string, offset: number, bytes: 1 | 2 | 4 | 8])[] = [
  ['sock', 'sk_pacing_rate', 0, 8],
  ['sock', 'sk_pacing_rate', 4, 4],
  ['sock', 'sk_pacing_status', 0, 4],
  ['inet_connection_sock', 'icsk_ca_priv', 0, 8],
  ['inet_connection_sock', 'icsk_ca_priv', 96, 8],
  ['inet_connection_sock', 'icsk_ca_priv', 104, 8],
  ['tcp_sock', 'snd_cwnd', 0, 4],
  ['tcp_sock', 'snd_cwnd', 0, 8],
  ['tcp_sock', 'snd_cwnd', 1, 1],
  ['tcp_sock', 'snd_cwnd_cnt', 0, 4],
  ['tcp_sock', 'snd_ssthresh', 0, 4],
  ['tcp_sock', 'snd_cwnd_stamp', 0, 4],
  ['tcp_sock', 'ecn_flags', 0, 1],
  ['tcp_sock', 'app_limited', 0, 4],
  ['tcp_sock', 'snd_una', 0, 4],
]

/** The store as a case, at the field's place in the socket. */
export function tcpStore(what: string, offset: number, bytes: number): BoundCase {
  const size = 8 * bytes
  return tcp(`a store to ${what}`, INIT, `${SOCKET}*(u${size} *)(r6 + ${offset}) = 0`)
}

const DUMMY = 'bpf_dummy_ops'
const STATE = 'r6 = *(u64 *)(r1 + 0)\n'

const DUMMIES: readonly BoundCase[] = [
  member('a state that may be absent', DUMMY, 0, `${STATE}r7 = *(u32 *)(r6 + 0)`),
  member('a state that is there', DUMMY, 0, `${STATE}if r6 == 0 goto out\nr7 = *(u32 *)(r6 + 0)\nout:`),
  member('a store to a state', DUMMY, 1, `${STATE}*(u32 *)(r6 + 0) = 1`),
  member('a store past a state', DUMMY, 1, `${STATE}*(u64 *)(r6 + 0) = 1`),
  member('a load past a state', DUMMY, 1, `${STATE}r7 = *(u64 *)(r6 + 0)`),
  member('an atomic store to a state', DUMMY, 1, `${STATE}r7 = 1\nlock *(u32 *)(r6 + 0) += r7`),
  member('small numbers', DUMMY, 1, 'r6 = *(u16 *)(r1 + 16)\nr7 = *(u8 *)(r1 + 24)\nr8 = *(u64 *)(r1 + 32)'),
  member('a helper', DUMMY, 1, 'call 7'),
  { ...member('asleep in its place', DUMMY, 2, STATE), flags: PROG_FLAG.SLEEPABLE },
  { ...member('asleep elsewhere', DUMMY, 1, STATE), flags: PROG_FLAG.SLEEPABLE },
  member('a structure that is none of functions', 'task_struct', 0, ''),
]

export const STRUCT_OPS_CASES: readonly BoundCase[] = [...CONGESTION, ...DUMMIES]
