import { ERRNO, PROG_TYPE, programTypeName } from '@bpfoundry/kernel-abi'
import { KernelError } from './kernel-error.ts'
import type { KernelProgram } from './kernel-program.ts'

/** What BPF_PROG_TEST_RUN is given. */
export interface TestRunRequest {
  /** The frame, from the Ethernet header on (for XDP after its metadata): at least 14 bytes. */
  readonly data: Uint8Array
  /**
   * `struct xdp_md` (data is the metadata's length, data_end the whole length; ifindex and queue are taken), or `struct
   * __sk_buff` (mark, priority, interfaces, cb, times, lengths on the wire are taken). A shorter one is filled with zeros.
   */
  readonly ctx?: Uint8Array
  /** How often to run it, on the same buffer each time as the kernel does; 1 by default. */
  readonly repeat?: number
  /** Room for the packet afterwards; any by default. */
  readonly dataOutBytes?: number
  /** Room for the context afterwards: as much as it was by default. With room there is a context, if none is given. */
  readonly ctxOutBytes?: number
}

/** What BPF_PROG_TEST_RUN answers. */
export interface TestRunResult {
  /** r0, low 32 bits, unsigned. */
  readonly retval: number
  /** As the program left it. */
  readonly data: Uint8Array
  /** As the program left it, where there is one. */
  readonly ctx?: Uint8Array
  /** ENOSPC: packet or context are longer than the room for them. A context behind a packet that is too long stays empty. */
  readonly truncated: boolean
  /** Mean wall time of a run. */
  readonly durationNs: number
}

/** The refusal of a question: EINVAL. */
export function refusedRun(reason: string, got: number, expected: string | number): KernelError {
  return new KernelError(ERRNO.EINVAL, {
    code: 'KERNEL_TEST_RUN',
    message: `test run: ${reason} (EINVAL)`,
    got,
    expected,
  })
}

/**
 * The context of a run, `sizeBytes` long; undefined where none is asked for.
 *
 * @throws KernelError E2BIG for a longer one that goes on with anything but zeros
 * @see bpf_ctx_init in net/bpf/test_run.c (6.12)
 */
export function contextOf({ ctx, ctxOutBytes }: TestRunRequest, sizeBytes: number): Uint8Array | undefined {
  const given = ctx ?? new Uint8Array()
  if (given.length === 0 && (ctxOutBytes ?? 0) === 0) return undefined
  if (given.subarray(sizeBytes).some((byte) => byte !== 0)) {
    throw new KernelError(ERRNO.E2BIG, {
      code: 'KERNEL_TEST_RUN',
      message: 'test run: the context is too long (E2BIG)',
      got: given.length,
      expected: `${sizeBytes} bytes, and then zeros`,
    })
  }
  const whole = new Uint8Array(sizeBytes)
  whole.set(given.subarray(0, sizeBytes))
  return whole
}

/** What a run left behind. */
export interface RunLeft {
  readonly retval: number
  readonly durationNs: number
  readonly data: Uint8Array
  readonly ctx: Uint8Array | undefined
}

/** The answer, cut to the room for it. @see bpf_test_finish, bpf_ctx_finish in net/bpf/test_run.c (6.12) */
export function finishRun({ ctx: given, dataOutBytes, ctxOutBytes }: TestRunRequest, left: RunLeft): TestRunResult {
  const { retval, durationNs, data, ctx } = left
  const dataRoom = dataOutBytes ?? data.length
  const ctxRoom = ctxOutBytes ?? given?.length ?? 0
  const dataCut = dataRoom > 0 && data.length > dataRoom
  const answer = { retval, durationNs, data: data.slice(0, dataRoom) }
  if (ctx === undefined || ctxRoom === 0) return { ...answer, truncated: dataCut }
  // The packet's refusal comes first: then nothing is written of the context.
  const written = dataCut ? new Uint8Array(ctxRoom) : ctx.slice(0, ctxRoom)
  return { ...answer, ctx: written, truncated: dataCut || ctx.length > ctxRoom }
}

/** Runs a program as often as asked; the last result counts. */
export function runRepeatedly(
  repeat: number | undefined,
  run: () => number,
): { readonly retval: number; readonly durationNs: number } {
  const times = Math.max(1, repeat ?? 1)
  let retval = 0
  const started = performance.now()
  for (let n = 0; n < times; n++) retval = run()
  return { retval, durationNs: Math.round(((performance.now() - started) * 1e6) / times) }
}

/** Types that Linux 6.12 has a test run for, and this kernel has none. */
const RUN_ON_LINUX: ReadonlySet<number> = new Set([
  PROG_TYPE.FLOW_DISSECTOR,
  PROG_TYPE.NETFILTER,
  PROG_TYPE.RAW_TRACEPOINT,
  PROG_TYPE.RAW_TRACEPOINT_WRITABLE,
  PROG_TYPE.SK_LOOKUP,
  PROG_TYPE.TRACING,
])

/** ENOTSUPP: what Linux answers, or what only this kernel does. */
export function noTestRun({ image, name }: KernelProgram): KernelError {
  const known = RUN_ON_LINUX.has(image.type)
  return new KernelError(ERRNO.ENOTSUPP, {
    code: known ? 'KERNEL_TEST_RUN_UNSUPPORTED' : 'KERNEL_TEST_RUN_TYPE',
    message: `program type ${programTypeName(image.type)} has no test run${known ? ' here' : ''} (ENOTSUPP)`,
    where: { program: name },
    expected: 'an XDP program, or one on a socket buffer',
  })
}
