import { BPF_CMD, ERRNO, PROG_TEST_RUN_ATTR } from '@bpfoundry/kernel-abi'
import { OracleError } from './oracle-error.ts'
import type { SystemCall } from './system-call.ts'

/** A run of a loaded program. */
export interface TestRun {
  readonly dataIn?: Uint8Array
  readonly ctxIn?: Uint8Array
  /** Runs in one call; 1 by default. */
  readonly repeat?: number
  /** BPF_F_TEST_*; live frames are refused. */
  readonly flags?: number
  /** Room for the packet as the program left it: 4096 bytes more than it was by default. */
  readonly dataOutBytes?: number
  /** Room for the context as the program left it: as much as it was by default. */
  readonly ctxOutBytes?: number
}

/** What a run gave. */
export interface RunAnswer {
  /** Positive; 0 when it ran. ENOSPC: it ran, and left more than there is room for. */
  readonly errno: number
  /** The program's return value, unsigned. */
  readonly retval: number
  readonly dataOut: Uint8Array
  readonly ctxOut: Uint8Array
  /** Mean of the repetitions. */
  readonly durationNs: number
  /** The time limit ended it. */
  readonly timedOut: boolean
}

const DATA_OUT_SLACK_BYTES = 4096
const BPF_F_TEST_XDP_LIVE_FRAMES = 2

/** BPF_PROG_TEST_RUN. @throws OracleError ORACLE_ARGUMENT for live frames: those would be sent for real */
export function testRun(call: SystemCall, fd: number, run: TestRun): RunAnswer {
  const flags = run.flags ?? 0
  if ((flags & BPF_F_TEST_XDP_LIVE_FRAMES) !== 0) {
    throw new OracleError({ code: 'ORACLE_ARGUMENT', message: 'live frames are never sent' })
  }
  const { dataIn = new Uint8Array(), ctxIn = new Uint8Array() } = run
  const dataOutBytes = run.dataOutBytes ?? (dataIn.length === 0 ? 0 : dataIn.length + DATA_OUT_SLACK_BYTES)
  const ctxOutBytes = run.ctxOutBytes ?? ctxIn.length
  let dataOut: Uint8Array = new Uint8Array()
  let ctxOut: Uint8Array = new Uint8Array()
  const result = call.run(BPF_CMD.PROG_TEST_RUN, (attr) => {
    attr.set(PROG_TEST_RUN_ATTR.prog_fd, fd)
    attr.set(PROG_TEST_RUN_ATTR.data_size_in, dataIn.length)
    attr.point(PROG_TEST_RUN_ATTR.data_in, dataIn)
    attr.set(PROG_TEST_RUN_ATTR.data_size_out, dataOutBytes)
    dataOut = attr.pointOut(PROG_TEST_RUN_ATTR.data_out, dataOutBytes).fill(0)
    attr.set(PROG_TEST_RUN_ATTR.repeat, run.repeat ?? 0)
    attr.set(PROG_TEST_RUN_ATTR.ctx_size_in, ctxIn.length)
    attr.point(PROG_TEST_RUN_ATTR.ctx_in, ctxIn)
    attr.set(PROG_TEST_RUN_ATTR.ctx_size_out, ctxOutBytes)
    ctxOut = attr.pointOut(PROG_TEST_RUN_ATTR.ctx_out, ctxOutBytes).fill(0)
    attr.set(PROG_TEST_RUN_ATTR.flags, flags)
  })
  const errno = result < 0 ? call.errno : 0
  const written = (field: 'data_size_out' | 'ctx_size_out', room: number): number =>
    errno === 0 || errno === ERRNO.ENOSPC ? Math.min(call.answer.getU32(PROG_TEST_RUN_ATTR[field]), room) : 0
  return {
    errno,
    retval: call.answer.getU32(PROG_TEST_RUN_ATTR.retval),
    dataOut: dataOut.slice(0, written('data_size_out', dataOutBytes)),
    ctxOut: ctxOut.slice(0, written('ctx_size_out', ctxOutBytes)),
    durationNs: call.answer.getU32(PROG_TEST_RUN_ATTR.duration),
    timedOut: call.timedOut,
  }
}
