import { type GuestMemory, type StructLayout, structLayout } from '@bpfoundry/guest-memory'

/** Bytes of one stack frame. A callee's r10 is the caller's r10 minus this, in every engine. @see MAX_BPF_STACK */
export const FRAME_BYTES = 512
/** Deepest chain of BPF-to-BPF calls. @see MAX_CALL_FRAMES in include/linux/bpf_verifier.h */
export const MAX_CALL_FRAMES = 8
/** Tail calls of one run; one more falls through. @see MAX_TAIL_CALL_CNT in include/linux/bpf.h */
export const MAX_TAIL_CALLS = 33
/**
 * Frames that programs don't know of: a poll loop around the program, and an inlined helper that it calls. They lie on
 * the same stacks and don't count against {@link MAX_CALL_FRAMES} or {@link MAX_RUN_FRAMES}.
 */
export const HIDDEN_CALL_FRAMES = 2
/**
 * Deepest chain of frames in a run: what a subprogram tail-calls goes on in its frame, and may call as deep again, and so
 * on for each tail call. Where Linux counts 33 times 256 bytes of stack for that, frames of fixed size need more.
 */
export const MAX_RUN_FRAMES: number = MAX_CALL_FRAMES + MAX_TAIL_CALLS * (MAX_CALL_FRAMES - 1)
/** What a run without tail calls can reach of {@link CPU_STACK_BYTES}, from the top down. */
export const CALL_STACK_BYTES: number = FRAME_BYTES * (MAX_CALL_FRAMES + HIDDEN_CALL_FRAMES)
/** The stacks of one CPU. */
export const CPU_STACK_BYTES: number = FRAME_BYTES * (MAX_RUN_FRAMES + HIDDEN_CALL_FRAMES)

type CpuField =
  | `r${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10}`
  | 'regs'
  | 'ax'
  | 'cpuId'
  | 'tailCalls'
  | 'nowNs'
  | 'executedInsns'
  | 'helperCalls'
  | 'redirectMap'
  | 'redirectIndex'
  | 'redirectIfindex'
  | 'redirectFlags'
  | 'random0'
  | 'random1'
  | 'random2'
  | 'random3'
  | 'stackTop'
  | 'objects'
  | 'thrown'
  | 'thrownValue'

/** Registers in a {@link CPU_BLOCK}: r0..r10 and the hidden r11 (BPF_REG_AX), which fix-ups and blinding use. */
export const CPU_REGISTERS = 12

/**
 * What one emulated CPU keeps in guest memory, so that helpers, machine code and the drivers agree on it.
 * `regs` is r0; r1..r10 and ax follow it, each a u64 (low word, high word).
 */
export const CPU_BLOCK: StructLayout<CpuField> = structLayout({
  regs: 'u64',
  r1: 'u64',
  r2: 'u64',
  r3: 'u64',
  r4: 'u64',
  r5: 'u64',
  r6: 'u64',
  r7: 'u64',
  r8: 'u64',
  r9: 'u64',
  r10: 'u64',
  /** BPF_REG_AX, which only fix-ups and constant blinding name. */
  ax: 'u64',
  /** u32 number of this CPU. */
  cpuId: 'u32',
  /** Tail calls made so far in this run. */
  tailCalls: 'u32',
  /** Modelled time in ns, below 2^53: what bpf_ktime_get_ns answers. */
  nowNs: 'u64',
  /** Instructions executed by programs on this CPU (f64 count; for cost models and reports). */
  executedInsns: 'f64',
  /** Helper calls made by programs on this CPU (f64 count). */
  helperCalls: 'f64',
  /** bpf_redirect_info: what the last bpf_redirect(_map) of this run asked for. `redirectMap` is a guest address or 0. */
  redirectMap: 'u32',
  redirectIndex: 'u32',
  redirectIfindex: 'u32',
  redirectFlags: 'u32',
  /** State of the per-CPU Tausworthe generator behind bpf_get_prandom_u32 (lib/random32.c, taus113). */
  random0: 'u32',
  random1: 'u32',
  random2: 'u32',
  random3: 'u32',
  /** Guest address just past the first frame's stack: the entry program's r10. */
  stackTop: 'ptr',
  /** Guest address of the heap that programs make objects on; 0 where there is none. */
  objects: 'u32',
  /** 1 from a bpf_throw until the main function ends by it, and what was thrown. */
  thrown: 'u32',
  thrownValue: 'u64',
})

/** One emulated CPU as engines, helpers and drivers see it. One object a thread; allocates nothing per run. */
export interface Cpu {
  readonly memory: GuestMemory
  readonly id: number
  /** Guest address of its {@link CPU_BLOCK}. */
  readonly block: number
  /** Guest address just past the entry frame's stack. */
  readonly stackTop: number
  /**
   * r0..r10 and ax as pairs: `regs[2 * n]` low word, `regs[2 * n + 1]` high word. A view of the block. It stays valid
   * when guest memory grows, for the memory never moves.
   */
  readonly regs: Int32Array
}

/** Allocates block and stacks for CPU `id` (owner thread only). @throws GuestMemoryError GUEST_MEMORY_EXHAUSTED */
export function allocateCpu(memory: GuestMemory, id: number): Cpu {
  const stack = memory.allocate(`cpu${id} stack`, 'stack', CPU_STACK_BYTES)
  const block = memory.allocate(`cpu${id} block`, 'cpu', CPU_BLOCK.sizeBytes)
  const stackTop = stack.address + CPU_STACK_BYTES
  memory.u32[(block.address + CPU_BLOCK.fields.cpuId.offsetBytes) >>> 2] = id
  memory.u32[(block.address + CPU_BLOCK.fields.stackTop.offsetBytes) >>> 2] = stackTop
  return attachCpu(memory, block.address)
}

/** The CPU whose block lies at `block`, in any thread. */
export function attachCpu(memory: GuestMemory, block: number): Cpu {
  memory.refresh()
  const word = (name: 'cpuId' | 'stackTop'): number =>
    memory.u32[(block + CPU_BLOCK.fields[name].offsetBytes) >>> 2] as number
  const regs = new Int32Array(memory.i32.buffer, block + CPU_BLOCK.fields.regs.offsetBytes, 2 * CPU_REGISTERS)
  return { memory, id: word('cpuId'), block, stackTop: word('stackTop'), regs }
}
