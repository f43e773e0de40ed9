/** Programs that call kernel functions, and what they answer on Linux. */
import { PROG_TYPE } from '@bpfoundry/kernel-abi'

/** Name, text, answer, type of program (a classifier by default). */
export type FunctionCase = readonly [name: string, source: string, expected: number, type?: number]

const EXIT = '\nexit'

/** r6 = 0; adds each number from `from` up to `to` to it. */
const numbers = (from: number, to: number): string => `
r6 = 0
r1 = r10
r1 += -8
r2 = ${from}
r3 = ${to}
call bpf_iter_num_new
r7 = r0
next: r1 = r10
r1 += -8
call bpf_iter_num_next
if r0 == 0 goto done
r1 = *(s32 *)(r0 + 0)
r6 += r1
goto next
done: r1 = r10
r1 += -8
call bpf_iter_num_destroy`
const SUM = `\nr0 = r6${EXIT}`
const PROBLEM = `\nr0 = r7${EXIT}`

/** Counts the bits of the words on the stack from -64 on, and sums their numbers. */
const bits = (words: number, at = 'r2 = r10\nr2 += -64'): string => `
*(u64 *)(r10 - 64) = 0x55
*(u64 *)(r10 - 56) = 0x70000001
*(u64 *)(r10 - 48) = 3
r6 = 0
r1 = r10
r1 += -16
${at}
r3 = ${words}
call bpf_iter_bits_new
r7 = r0
next: r1 = r10
r1 += -16
call bpf_iter_bits_next
if r0 == 0 goto done
r1 = *(s32 *)(r0 + 0)
r6 += r1
r6 += 1000
goto next
done: r1 = r10
r1 += -16
call bpf_iter_bits_destroy`

/** r0 = what `call` answers of the dynptr at -16 of the memory at -64, 32 bytes. */
const local = (rest: string): string => `
*(u64 *)(r10 - 64) = 0x11
*(u64 *)(r10 - 56) = 0x22
*(u64 *)(r10 - 48) = 0x33
*(u64 *)(r10 - 40) = 0x44
*(u32 *)(r10 - 4) = 0
r2 = r10
r2 += -4
r1 = objects ll
call 1
if r0 == 0 goto out
r8 = r0
r8 += 80
*(u64 *)(r8 + 0) = 0x4433
r1 = r8
r2 = 8
r3 = 0
r4 = r10
r4 += -32
call 197
if r0 != 0 goto out${rest}
out: exit`
const DYNPTR = '\nr1 = r10\nr1 += -32'

/** A dynptr of the packet at -32. */
const packet = (kind: string, rest: string): string => `
r2 = 0
r3 = r10
r3 += -32
call bpf_dynptr_from_${kind}
if r0 != 0 goto out${rest}
out: exit`
/** A slice of 8 bytes from `offset` on; r0 = its first two. */
const slice = (call: string, offset: number): string => `${DYNPTR}
r2 = ${offset}
r3 = r10
r3 += -8
r4 = 8
call ${call}
if r0 == 0 goto absent
r0 = *(u16 *)(r0 + 0)
exit
absent: r0 = -1
exit`

// biome-ignore format: table
export const FUNCTION_CASES: readonly FunctionCase[] = [
  ['numbers from 3 to 7',                 numbers(3, 7) + SUM,                18],
  ['no numbers',                          numbers(5, 5) + SUM,                0],
  ['negative numbers',                    numbers(-4, 2) + SUM,               -9],
  ['numbers in the wrong order',          numbers(2, 1) + PROBLEM,            -22],
  ['too many numbers',                    numbers(0, 8388609) + PROBLEM,      -7],
  ['numbers from the least on',           numbers(-2147483648, -2147483645) + SUM, -2147483645],
  ['bits of a word',                      bits(1) + SUM,                      4012],
  ['bits of three words',                 bits(3) + SUM,                      10612],
  ['bits of no words',                    bits(0) + PROBLEM,                  -22],
  ['bits of too many words',              bits(512) + PROBLEM,                -7],
  ['bits at NULL',                        bits(1, 'r2 = 0') + PROBLEM,        -22],
  ['sections',                            `call bpf_rcu_read_lock\ncall bpf_preempt_disable\ncall bpf_preempt_enable\ncall bpf_rcu_read_unlock\nr0 = 7${EXIT}`, 7],
  ['a pointer looked at as another',      `r6 = r1\ncall bpf_cast_to_kern_ctx\nr0 = 5${EXIT}`, 5],
  ['the size of a dynptr',                local(`${DYNPTR}\ncall bpf_dynptr_size`), 8],
  ['a dynptr adjusted',                   local(`${DYNPTR}\nr2 = 2\nr3 = 7\ncall bpf_dynptr_adjust${DYNPTR}\ncall bpf_dynptr_size`), 5],
  ['a dynptr adjusted past its end',      local(`${DYNPTR}\nr2 = 2\nr3 = 9\ncall bpf_dynptr_adjust`), -34],
  ['a dynptr adjusted backwards',         local(`${DYNPTR}\nr2 = 2\nr3 = 1\ncall bpf_dynptr_adjust`), -22],
  ['a dynptr that is not null',           local(`${DYNPTR}\ncall bpf_dynptr_is_null\nr0 &= 1`), 0],
  ['a dynptr that may be written to',     local(`${DYNPTR}\ncall bpf_dynptr_is_rdonly\nr0 &= 1`), 0],
  ['a clone, adjusted',                   local(`${DYNPTR}\nr2 = r10\nr2 += -48\ncall bpf_dynptr_clone\nr1 = r10\nr1 += -48\nr2 = 1\nr3 = 4\ncall bpf_dynptr_adjust\nr1 = r10\nr1 += -48\ncall bpf_dynptr_size\nr6 = r0${DYNPTR}\ncall bpf_dynptr_size\nr0 *= 10\nr0 += r6`), 83],
  ['read through a dynptr',               local('\nr1 = r10\nr1 += -8\nr2 = 2\nr3 = r10\nr3 += -32\nr4 = 1\nr5 = 0\ncall 201\nif r0 != 0 goto out\nr0 = *(u16 *)(r10 - 8)'), 0x44],
  ['read past a dynptr',                  local('\nr1 = r10\nr1 += -8\nr2 = 2\nr3 = r10\nr3 += -32\nr4 = 7\nr5 = 0\ncall 201'), -7],
  ['written through a dynptr',            local(`${DYNPTR}\nr2 = 0\nr3 = r10\nr3 += -56\nr4 = 2\nr5 = 0\ncall 202\nif r0 != 0 goto out\nr0 = *(u32 *)(r8 + 0)`), 0x22],
  ['written with flags',                  local(`${DYNPTR}\nr2 = 0\nr3 = r10\nr3 += -56\nr4 = 2\nr5 = 1\ncall 202`), -22],
  ['the memory of a dynptr',              local(`${DYNPTR}\nr2 = 0\nr3 = 8\ncall 203\nif r0 == 0 goto out\nr0 = *(u16 *)(r0 + 0)`), 0x4433],
  ['a slice of memory',                   local(slice('bpf_dynptr_slice', 0)),   0x4433],
  ['a slice past the end',                local(slice('bpf_dynptr_slice', 1)),   -1],
  ['a slice of a packet',                 packet('skb', slice('bpf_dynptr_slice', 2)), 0x302],
  ['a slice of a packet to be written',   packet('skb', slice('bpf_dynptr_slice_rdwr', 20)), 0x1514],
  ['a slice at the end of a packet',      packet('skb', slice('bpf_dynptr_slice', 56)), 0x3938],
  ['a slice past the end of a packet',    packet('skb', slice('bpf_dynptr_slice', 57)), -1],
  ['the size of a packet',                packet('skb', `${DYNPTR}\ncall bpf_dynptr_size`), 64],
  ['a packet that may be written to',     packet('skb', `${DYNPTR}\ncall bpf_dynptr_is_rdonly\nr0 &= 1`), 0],
  ['a packet that may only be read',      packet('skb', `${DYNPTR}\ncall bpf_dynptr_is_rdonly\nr0 &= 1`), 1, PROG_TYPE.LWT_IN],
  ['a packet that may only be read, written to', packet('skb', `${DYNPTR}\nr2 = 0\nr3 = r10\nr3 += -8\n*(u64 *)(r10 - 8) = 0\nr4 = 2\nr5 = 0\ncall 202\nr0 &= 1`), 0, PROG_TYPE.LWT_IN],
  ['a slice of a frame',                  packet('xdp', slice('bpf_dynptr_slice', 2)), 0x302, PROG_TYPE.XDP],
  ['a slice past the end of a frame',     packet('xdp', slice('bpf_dynptr_slice', 57)), -1, PROG_TYPE.XDP],
  ['a frame with flags',                  `r2 = 1\nr3 = r10\nr3 += -32\ncall bpf_dynptr_from_xdp${EXIT}`, -22, PROG_TYPE.XDP],
  ['a null dynptr',                       `r2 = 1\nr3 = r10\nr3 += -32\ncall bpf_dynptr_from_xdp${DYNPTR}\ncall bpf_dynptr_is_null\nr0 &= 1${EXIT}`, 1, PROG_TYPE.XDP],
  ['the size of a null dynptr',           `r2 = 1\nr3 = r10\nr3 += -32\ncall bpf_dynptr_from_xdp${DYNPTR}\ncall bpf_dynptr_size${EXIT}`, -22, PROG_TYPE.XDP],
]
