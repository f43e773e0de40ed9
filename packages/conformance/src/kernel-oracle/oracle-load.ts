import type { Insn } from '@bpfoundry/isa'
import { errnoName } from '@bpfoundry/kernel-abi'
import type { KernelOracle, LoadAnswer, OracleProgram, VerifierStatistics } from '@bpfoundry/kernel-oracle'
import type { VectorBtf, VectorDump, VectorProgram } from '../vector/vector.ts'
import type { LoadPart } from '../verified/vector-kernel.ts'

export const errnoOf = (code: number): number | string => (code === 0 ? 0 : errnoName(code))
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** A program of a case as the oracle takes it. @param fds descriptors of the case's maps */
export function oracleProgram(
  loadBtf: (bytes: Uint8Array) => number,
  program: VectorProgram,
  insns: readonly Insn[],
  fds: readonly number[],
): OracleProgram {
  const { type, license, flags, expectedAttachType, logLevel, btf, attachBtf, kfuncs, privilege } = program
  return {
    ...{ type, insns, license, flags, expectedAttachType, logLevel, fdArray: fds },
    ...(btf === undefined ? {} : programBtf(loadBtf, btf)),
    ...(attachBtf === undefined ? {} : { attachTo: attachBtf }),
    ...(kfuncs === undefined ? {} : { kernelFunctions: kfuncs }),
    ...(privilege === undefined ? {} : { privilege }),
  }
}

/** Constants that are ids of this kernel's types. */
export function withTypeIds(
  oracle: KernelOracle,
  { typeIds = [] }: VectorProgram,
  insns: readonly Insn[],
): readonly Insn[] {
  const ids = new Map(typeIds.map(({ pc, name, kind }) => [pc, oracle.kernelTypeId(name, kind)]))
  return ids.size === 0 ? insns : insns.map((insn, pc) => ({ ...insn, imm: ids.get(pc) ?? insn.imm }))
}

function programBtf(
  loadBtf: (bytes: Uint8Array) => number,
  { bytes, functions, lines }: VectorBtf,
): Partial<OracleProgram> {
  return { btfFd: loadBtf(bytes), functionInfo: functions, lineInfo: lines }
}

/** The load's part of an answer. */
export function loadPart(
  oracle: KernelOracle,
  { logLevel, logTail }: VectorProgram,
  { ok, fd, errno, log, logOverflow, timedOut, durationMs, stats }: LoadAnswer,
  dump: readonly VectorDump[],
): LoadPart {
  return {
    load_ok: ok,
    errno: errnoOf(errno),
    load_us: Math.round(durationMs * 1e4) / 10,
    ...(timedOut ? { timed_out: true } : {}),
    ...(logOverflow ? { log_overflow: true } : {}),
    ...(logLevel === 0 ? {} : { verifier_log: logTail === 0 ? log : log.slice(-logTail) }),
    ...(stats === undefined ? {} : statistics(stats)),
    ...(ok ? info(oracle, fd, dump) : {}),
  }
}

function statistics(stats: VerifierStatistics): LoadPart {
  const { insnsProcessed, totalStates, peakStates, stackDepthBytes: depths, verificationTimeUs } = stats
  return {
    insn_processed: insnsProcessed,
    total_states: totalStates,
    peak_states: peakStates,
    ...(depths.length === 0 ? {} : { stack_depth: depths.length === 1 ? (depths[0] as number) : depths.join('+') }),
    ...(verificationTimeUs === undefined ? {} : { verification_time_us: verificationTimeUs }),
  }
}

function info(oracle: KernelOracle, fd: number, dump: readonly VectorDump[]): LoadPart {
  const { tag, xlatedBytes, xlated, jitedBytes, jited } = oracle.programInfo(fd, dump.includes('jited'))
  return {
    tag,
    xlated_len: xlatedBytes,
    jited_len: jitedBytes,
    ...(dump.includes('xlated') && xlated.length === xlatedBytes ? { xlated: hex(xlated) } : {}),
    ...(jited === undefined ? {} : { jited: hex(jited) }),
  }
}
