import { BTF_KIND } from '@bpfoundry/btf'
import { encodeInsns, INSN_BYTES, type Insn } from '@bpfoundry/isa'
import { BPF_CMD, ERRNO, LOG_LEVEL, PROG_LOAD_ATTR } from '@bpfoundry/kernel-abi'
import type { AttrWriter } from './attr-writer.ts'
import { CAPABILITY } from './capabilities.ts'
import type { KernelTypes } from './kernel-types.ts'
import type { NativeMemory } from './native-memory.ts'
import { OracleError } from './oracle-error.ts'
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

/** A source line: `struct bpf_line_info`, of which the last two are offsets into the BTF's strings and line << 10 | column. */
export interface OracleLineInfo {
  readonly pc: number
  readonly fileNameOffset: number
  readonly lineOffset: number
  readonly lineColumn: number
}

/** A program to load. */
export interface OracleProgram {
  /** BPF_PROG_TYPE_* */
  readonly type: number
  /** Slots, or their bytes in little-endian order. */
  readonly insns: readonly Insn[] | Uint8Array
  readonly mapReferences?: readonly OracleMapReference[]
  /** Descriptors that instructions name by index. */
  readonly fdArray?: readonly number[]
  /** "GPL" by default. */
  readonly license?: string
  readonly name?: string
  readonly expectedAttachType?: number
  /** `prog_flags` */
  readonly flags?: number
  /** {@link LOG_LEVEL}; statistics and errors by default, 0 for speed. */
  readonly logLevel?: number
  /** Room for the log; 64 MiB, the most, by default. Of a longer log the kernel gives the end. */
  readonly logBytes?: number
  /** From {@link KernelOracle.loadBtf}. */
  readonly btfFd?: number
  /** BPF-to-BPF calls with BTF, callbacks and global functions need it. */
  readonly functionInfo?: readonly { readonly pc: number; readonly typeId: number }[]
  readonly lineInfo?: readonly OracleLineInfo[]
  /** The kernel symbol that a program of tracing, lsm and the like is for; one that the kernel lacks is id 0. */
  readonly attachTo?: string
  /** Or its type by the kernel's BTF: of struct_ops, the structure of functions. */
  readonly attachBtfId?: number
  /** Calls whose imm becomes the BTF id of that kernel function; 0 where the kernel has none of that name. */
  readonly kernelFunctions?: readonly { readonly pc: number; readonly name: string }[]
  /**
   * Who loads it: `no-perfmon` without CAP_PERFMON and CAP_SYS_ADMIN (Spectre fix-ups, no pointer leaks), `unprivileged`
   * without CAP_BPF and CAP_NET_ADMIN as well, which `kernel.unprivileged_bpf_disabled` forbids on most machines.
   */
  readonly privilege?: 'full' | 'no-perfmon' | 'unprivileged'
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
  /** The trace outgrew the room for it: `log` is its end (before Linux 6.4 its beginning), all else that of a load without one. */
  readonly logOverflow: boolean
  /** The time limit ended it: no verdict. */
  readonly timedOut: boolean
  /** Wall clock of the call. */
  readonly durationMs: number
  readonly stats: VerifierStatistics | undefined
}

/** The longest log that the kernel takes room for is 1 GiB; since 5.2, before 16 MiB. */
export const LOG_BYTES: number = 64 << 20
const FUNCTION_INFO_BYTES = 8
const LINE_INFO_BYTES = 16
const PSEUDO_MAP_FD = 1
const PSEUDO_MAP_VALUE = 2

const DROPPED: Readonly<Record<NonNullable<OracleProgram['privilege']>, readonly number[]>> = {
  full: [],
  'no-perfmon': [CAPABILITY.SYS_ADMIN, CAPABILITY.PERFMON],
  unprivileged: [CAPABILITY.SYS_ADMIN, CAPABILITY.PERFMON, CAPABILITY.BPF, CAPABILITY.NET_ADMIN],
}

/** BPF_PROG_LOAD. */
export class ProgramLoads {
  private readonly call: SystemCall
  private readonly types: KernelTypes
  private readonly log: NativeMemory

  constructor(call: SystemCall, types: KernelTypes, log: NativeMemory) {
    this.call = call
    this.types = types
    this.log = log
  }

  /** @throws OracleError ORACLE_ARGUMENT for a map reference or a call outside the program */
  load(program: OracleProgram): LoadAnswer {
    const insns = this.linked(program)
    const logLevel = program.logLevel ?? LOG_LEVEL.STATS
    this.log.bytes[0] = 0
    const fill = (attr: AttrWriter): void => {
      this.fill(attr, program, insns)
      if (logLevel === 0) return
      attr.set(PROG_LOAD_ATTR.log_level, logLevel)
      attr.set(PROG_LOAD_ATTR.log_size, Math.min(program.logBytes ?? LOG_BYTES, LOG_BYTES))
      attr.set(PROG_LOAD_ATTR.log_buf, this.log.address)
    }
    const fd = this.call.run(BPF_CMD.PROG_LOAD, fill, DROPPED[program.privilege ?? 'full'])
    const errno = fd < 0 ? this.call.errno : 0
    const { timedOut, durationMs } = this.call
    const log = logLevel === 0 ? '' : this.readLog()
    // A trace that outgrew the log hides the verdict: ask for that alone.
    if (errno === ERRNO.ENOSPC && (logLevel & ~LOG_LEVEL.STATS) !== 0) {
      const verdict = this.load({ ...program, logLevel: LOG_LEVEL.STATS, logBytes: LOG_BYTES })
      return { ...verdict, log, logOverflow: true }
    }
    if (fd >= 0) this.call.keep(fd)
    return { ok: fd >= 0, fd, errno, log, logOverflow: false, timedOut, durationMs, stats: readStatistics(log) }
  }

  private fill(attr: AttrWriter, program: OracleProgram, insns: Uint8Array): void {
    attr.set(PROG_LOAD_ATTR.prog_type, program.type)
    attr.set(PROG_LOAD_ATTR.insn_cnt, insns.length / INSN_BYTES)
    attr.point(PROG_LOAD_ATTR.insns, insns)
    attr.point(PROG_LOAD_ATTR.license, new TextEncoder().encode(`${program.license ?? 'GPL'}\0`))
    attr.set(PROG_LOAD_ATTR.prog_flags, program.flags ?? 0)
    attr.setName(PROG_LOAD_ATTR.prog_name, program.name ?? '')
    attr.set(PROG_LOAD_ATTR.expected_attach_type, program.expectedAttachType ?? 0)
    attr.set(PROG_LOAD_ATTR.attach_btf_id, program.attachBtfId ?? this.attachTarget(program))
    attr.point(PROG_LOAD_ATTR.fd_array, new Uint8Array(Int32Array.from(program.fdArray ?? []).buffer))
    this.fillBtf(attr, program)
  }

  private fillBtf(attr: AttrWriter, { btfFd = 0, functionInfo = [], lineInfo = [] }: OracleProgram): void {
    attr.set(PROG_LOAD_ATTR.prog_btf_fd, btfFd)
    if (functionInfo.length > 0) {
      attr.set(PROG_LOAD_ATTR.func_info_rec_size, FUNCTION_INFO_BYTES)
      attr.set(PROG_LOAD_ATTR.func_info_cnt, functionInfo.length)
      attr.point(PROG_LOAD_ATTR.func_info, records(functionInfo.flatMap(({ pc, typeId }) => [pc, typeId])))
    }
    if (lineInfo.length > 0) {
      attr.set(PROG_LOAD_ATTR.line_info_rec_size, LINE_INFO_BYTES)
      attr.set(PROG_LOAD_ATTR.line_info_cnt, lineInfo.length)
      const fields = lineInfo.flatMap((line) => [line.pc, line.fileNameOffset, line.lineOffset, line.lineColumn])
      attr.point(PROG_LOAD_ATTR.line_info, records(fields))
    }
  }

  private attachTarget({ type, attachTo, expectedAttachType = 0 }: OracleProgram): number {
    return attachTo === undefined ? 0 : (this.types.attachTarget(attachTo, expectedAttachType, type) ?? 0)
  }

  private readLog(): string {
    return new TextDecoder().decode(this.log.bytes.slice(0, this.log.bytes.indexOf(0)))
  }

  /** The instructions with maps and kernel functions put in. */
  private linked(program: OracleProgram): Uint8Array {
    const { insns: given, mapReferences = [], kernelFunctions = [] } = program
    if (mapReferences.length + kernelFunctions.length === 0 && given instanceof Uint8Array) return given
    const insns = given instanceof Uint8Array ? given.slice() : encodeInsns(given)
    for (const reference of mapReferences) putMap(insns, reference)
    for (const { pc, name } of kernelFunctions) {
      viewAt(insns, pc, 1).setInt32(4, this.types.find(name, BTF_KIND.FUNC) ?? 0, true)
    }
    return insns
  }
}

const records = (words: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(words).buffer)

function putMap(insns: Uint8Array, { pc, fd, valueOffsetBytes }: OracleMapReference): void {
  const view = viewAt(insns, pc, 2)
  const kind = valueOffsetBytes === undefined ? PSEUDO_MAP_FD : PSEUDO_MAP_VALUE
  view.setUint8(1, (view.getUint8(1) & 0xf) | (kind << 4))
  view.setInt32(4, fd, true)
  view.setInt32(INSN_BYTES + 4, valueOffsetBytes ?? 0, true)
}

function viewAt(insns: Uint8Array, pc: number, slots: number): DataView {
  const at = pc * INSN_BYTES
  if (at + slots * INSN_BYTES <= insns.length) return new DataView(insns.buffer, insns.byteOffset + at)
  throw new OracleError({
    code: 'ORACLE_ARGUMENT',
    message: 'a map reference or call lies outside the program',
    got: pc,
  })
}
