import { encodeInsns, INSN_BYTES, type Insn } from '@bpfoundry/isa'
import {
  BPF_CMD,
  BTF_LOAD_ATTR,
  ERRNO,
  LOG_LEVEL,
  OBJ_INFO_ATTR,
  PROG_LOAD_ATTR,
  PROG_TEST_RUN_ATTR,
} from '@bpfoundry/kernel-abi'
import type { AttrWriter } from './attr-writer.ts'
import type { Libc, NativeMemory } from './native-memory.ts'
import { OracleError, systemCallError } from './oracle-error.ts'
import type { SystemCall } from './system-call.ts'
import { readStatistics, type VerifierStatistics } from './verifier-log.ts'

/** An LD_IMM64 that is to name a map: its imm becomes the descriptor, its src_reg the kind of reference. */
export interface OracleMapReference {
  /** Slot of the LD_IMM64. */
  readonly pc: number
  readonly fd: number
  /** The address of the map's value at this offset, not the map. */
  readonly valueOffsetBytes?: number
}

/** A program to load. */
export interface OracleProgram {
  /** BPF_PROG_TYPE_* */
  readonly type: number
  /** Slots, or their bytes in little-endian order. */
  readonly insns: readonly Insn[] | Uint8Array
  readonly mapReferences?: readonly OracleMapReference[]
  /** "GPL" by default. */
  readonly license?: string
  readonly name?: string
  readonly expectedAttachType?: number
  /** `prog_flags` */
  readonly flags?: number
  /** {@link LOG_LEVEL}; statistics and errors by default, 0 for speed. */
  readonly logLevel?: number
  /** Room for the log; 16 MiB, the most, by default. Of a longer log the kernel gives the end. */
  readonly logBytes?: number
  /** From {@link KernelOracle.loadBtf}. */
  readonly btfFd?: number
  /** BPF-to-BPF calls with BTF, callbacks and global functions need it. */
  readonly functionInfo?: readonly { readonly pc: number; readonly typeId: number }[]
}

/** What the kernel made of a program. */
export interface LoadAnswer {
  readonly ok: boolean
  /** -1 when refused. Open until it or the oracle is closed. */
  readonly fd: number
  /** Positive; 0 when accepted. */
  readonly errno: number
  /** Empty at log level 0. */
  readonly log: string
  readonly stats: VerifierStatistics | undefined
}

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
}

/** What a run gave. */
export interface RunAnswer {
  /** Positive; 0 when it ran. */
  readonly errno: number
  /** The program's return value, unsigned. */
  readonly retval: number
  readonly dataOut: Uint8Array
  /** As long as the context that went in. */
  readonly ctxOut: Uint8Array
  /** Mean of the repetitions. */
  readonly durationNs: number
}

/** What the kernel says of a loaded program. */
export interface ProgramInfo {
  readonly id: number
  /** 16 hex digits. */
  readonly tag: string
  /** The instructions after the verifier's fix-ups, map descriptors as ids. */
  readonly xlated: Uint8Array
  readonly jitedBytes: number
}

const LOG_BYTES = 16 << 20
const DATA_OUT_SLACK_BYTES = 4096
const BPF_F_TEST_XDP_LIVE_FRAMES = 2
const FUNCTION_INFO_BYTES = 8
const PSEUDO_MAP_FD = 1
const PSEUDO_MAP_VALUE = 2

/** struct bpf_prog_info, as far as it is used: offsets in bytes. */
const INFO = { bytes: 232, id: 4, tag: 8, jitedLength: 16, xlatedLength: 20, xlated: 32 } as const

/** Program commands of bpf(2). */
export class KernelPrograms {
  private readonly call: SystemCall
  private readonly log: NativeMemory

  constructor(call: SystemCall, libc: Libc) {
    this.call = call
    this.log = libc.allocate(LOG_BYTES)
  }

  /** @throws OracleError ORACLE_ARGUMENT for a map reference outside the program */
  load(program: OracleProgram): LoadAnswer {
    const insns = withMaps(program)
    const logLevel = program.logLevel ?? LOG_LEVEL.STATS
    this.log.bytes[0] = 0
    const fd = this.call.run(BPF_CMD.PROG_LOAD, (attr) => {
      this.fillLoad(attr, program, insns)
      if (logLevel === 0) return
      attr.set(PROG_LOAD_ATTR.log_level, logLevel)
      attr.set(PROG_LOAD_ATTR.log_size, Math.min(program.logBytes ?? LOG_BYTES, LOG_BYTES))
      attr.set(PROG_LOAD_ATTR.log_buf, this.log.address)
    })
    const errno = fd < 0 ? this.call.errno : 0
    const log = logLevel === 0 ? '' : this.readLog()
    // A trace that outgrew the log hides the verdict: ask for that alone.
    if (errno === ERRNO.ENOSPC && (logLevel & ~LOG_LEVEL.STATS) !== 0) {
      return { ...this.load({ ...program, logLevel: LOG_LEVEL.STATS, logBytes: LOG_BYTES }), log }
    }
    if (fd >= 0) this.call.keep(fd)
    return { ok: fd >= 0, fd, errno, log, stats: readStatistics(log) }
  }

  private fillLoad(attr: AttrWriter, program: OracleProgram, insns: Uint8Array): void {
    attr.set(PROG_LOAD_ATTR.prog_type, program.type)
    attr.set(PROG_LOAD_ATTR.insn_cnt, insns.length / INSN_BYTES)
    attr.point(PROG_LOAD_ATTR.insns, insns)
    attr.point(PROG_LOAD_ATTR.license, new TextEncoder().encode(`${program.license ?? 'GPL'}\0`))
    attr.set(PROG_LOAD_ATTR.prog_flags, program.flags ?? 0)
    attr.setName(PROG_LOAD_ATTR.prog_name, program.name ?? '')
    attr.set(PROG_LOAD_ATTR.expected_attach_type, program.expectedAttachType ?? 0)
    attr.set(PROG_LOAD_ATTR.prog_btf_fd, program.btfFd ?? 0)
    const functions = program.functionInfo ?? []
    if (functions.length === 0) return
    attr.set(PROG_LOAD_ATTR.func_info_rec_size, FUNCTION_INFO_BYTES)
    attr.set(PROG_LOAD_ATTR.func_info_cnt, functions.length)
    const records = new Uint32Array(functions.flatMap(({ pc, typeId }) => [pc, typeId]))
    attr.point(PROG_LOAD_ATTR.func_info, new Uint8Array(records.buffer))
  }

  private readLog(): string {
    return new TextDecoder().decode(this.log.bytes.slice(0, this.log.bytes.indexOf(0)))
  }

  /** @throws OracleError ORACLE_BTF_LOAD */
  loadBtf(btf: Uint8Array): number {
    const fd = this.call.run(BPF_CMD.BTF_LOAD, (attr) => {
      attr.point(BTF_LOAD_ATTR.btf, btf)
      attr.set(BTF_LOAD_ATTR.btf_size, btf.length)
    })
    if (fd < 0) throw systemCallError('ORACLE_BTF_LOAD', 'the kernel does not take the BTF', this.call.errno)
    this.call.keep(fd)
    return fd
  }

  /** @throws OracleError ORACLE_ARGUMENT for live frames: those would be sent for real */
  testRun(fd: number, run: TestRun): RunAnswer {
    const flags = run.flags ?? 0
    if ((flags & BPF_F_TEST_XDP_LIVE_FRAMES) !== 0) {
      throw new OracleError({ code: 'ORACLE_ARGUMENT', message: 'live frames are never sent' })
    }
    const dataIn = run.dataIn ?? new Uint8Array()
    const ctxIn = run.ctxIn ?? new Uint8Array()
    const dataOutBytes = run.dataOutBytes ?? (dataIn.length === 0 ? 0 : dataIn.length + DATA_OUT_SLACK_BYTES)
    let dataOut: Uint8Array = new Uint8Array()
    let ctxOut: Uint8Array = new Uint8Array()
    const result = this.call.run(BPF_CMD.PROG_TEST_RUN, (attr) => {
      attr.set(PROG_TEST_RUN_ATTR.prog_fd, fd)
      attr.set(PROG_TEST_RUN_ATTR.data_size_in, dataIn.length)
      attr.point(PROG_TEST_RUN_ATTR.data_in, dataIn)
      attr.set(PROG_TEST_RUN_ATTR.data_size_out, dataOutBytes)
      dataOut = attr.pointOut(PROG_TEST_RUN_ATTR.data_out, dataOutBytes)
      attr.set(PROG_TEST_RUN_ATTR.repeat, run.repeat ?? 0)
      attr.set(PROG_TEST_RUN_ATTR.ctx_size_in, ctxIn.length)
      attr.point(PROG_TEST_RUN_ATTR.ctx_in, ctxIn)
      attr.set(PROG_TEST_RUN_ATTR.ctx_size_out, ctxIn.length)
      ctxOut = attr.pointOut(PROG_TEST_RUN_ATTR.ctx_out, ctxIn.length)
      attr.set(PROG_TEST_RUN_ATTR.flags, flags)
    })
    const answer = this.call.answer
    const errno = result < 0 ? this.call.errno : 0
    const ran = errno === 0 || errno === ERRNO.ENOSPC
    const written = ran ? Math.min(answer.getU32(PROG_TEST_RUN_ATTR.data_size_out), dataOutBytes) : 0
    return {
      errno,
      retval: answer.getU32(PROG_TEST_RUN_ATTR.retval),
      dataOut: dataOut.slice(0, written),
      ctxOut: ran ? ctxOut.slice() : new Uint8Array(),
      durationNs: answer.getU32(PROG_TEST_RUN_ATTR.duration),
    }
  }

  /** @throws OracleError ORACLE_ARGUMENT when `fd` is no program of ours */
  info(fd: number): ProgramInfo {
    const lengths = this.askInfo(fd, 0)
    const view = new DataView(lengths.info.buffer)
    const full = this.askInfo(fd, view.getUint32(INFO.xlatedLength, true))
    return {
      id: view.getUint32(INFO.id, true),
      tag: [...lengths.info.subarray(INFO.tag, INFO.tag + 8)]
        .map((byte) => byte.toString(16).padStart(2, '0'))
        .join(''),
      xlated: full.xlated,
      jitedBytes: view.getUint32(INFO.jitedLength, true),
    }
  }

  private askInfo(fd: number, xlatedBytes: number): { readonly info: Uint8Array; readonly xlated: Uint8Array } {
    let info: Uint8Array = new Uint8Array()
    let xlated: Uint8Array = new Uint8Array()
    const result = this.call.run(BPF_CMD.OBJ_GET_INFO_BY_FD, (attr) => {
      info = attr.pointOut(OBJ_INFO_ATTR.info, INFO.bytes).fill(0)
      const room = attr.reserve(xlatedBytes)
      xlated = room.bytes
      const view = new DataView(info.buffer, info.byteOffset, info.byteLength)
      view.setUint32(INFO.xlatedLength, xlatedBytes, true)
      view.setBigUint64(INFO.xlated, xlatedBytes === 0 ? 0n : BigInt(room.address), true)
      attr.set(OBJ_INFO_ATTR.bpf_fd, fd)
      attr.set(OBJ_INFO_ATTR.info_len, INFO.bytes)
    })
    if (result < 0) throw systemCallError('ORACLE_ARGUMENT', 'the kernel knows no such program', this.call.errno)
    return { info: info.slice(), xlated: xlated.slice() }
  }
}

function withMaps(program: OracleProgram): Uint8Array {
  const given = program.insns
  const references = program.mapReferences ?? []
  if (references.length === 0 && given instanceof Uint8Array) return given
  const insns = given instanceof Uint8Array ? given.slice() : encodeInsns(given)
  const view = new DataView(insns.buffer, insns.byteOffset, insns.byteLength)
  for (const { pc, fd, valueOffsetBytes } of references) {
    const at = pc * INSN_BYTES
    if (at + 2 * INSN_BYTES > insns.length) {
      throw new OracleError({ code: 'ORACLE_ARGUMENT', message: 'a map reference lies outside the program', got: pc })
    }
    const kind = valueOffsetBytes === undefined ? PSEUDO_MAP_FD : PSEUDO_MAP_VALUE
    view.setUint8(at + 1, (view.getUint8(at + 1) & 0xf) | (kind << 4))
    view.setInt32(at + 4, fd, true)
    view.setInt32(at + INSN_BYTES + 4, valueOffsetBytes ?? 0, true)
  }
  return insns
}
