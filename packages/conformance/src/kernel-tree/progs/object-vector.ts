import { ATTACH_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { CollectionSpec, ProgramSpec } from '@bpfoundry/loader'
import type { Expectation } from '../../vector/expectation.ts'
import { createVector, type Vector, type VectorBtf, type VectorProgram, type VectorRun } from '../../vector/vector.ts'
import type { TestModules } from '../modules/test-modules.ts'
import type { TestMode } from './annotation-table.ts'
import type { AnnotatedTest, ModeExpectation } from './annotations.ts'
import { lineRecords } from './line-records.ts'
import { ObjectMaps } from './object-maps.ts'
import type { TestSetup } from './test-setup.ts'

/** TEST_DATA_LEN: what a program is run on. */
const DATA_BYTES = 64

/** struct __sk_buff, and where its data_end is, by which the linear part of the packet is told. */
const SK_BUFF_BYTES = 192
const DATA_END_AT = 80

const LOG_STATS = 4
const LOG_DETAIL = 3

/** A test to make a vector of. */
export interface ObjectTest {
  readonly id: string
  readonly spec: CollectionSpec
  readonly program: ProgramSpec
  readonly test: AnnotatedTest
  readonly mode: TestMode
  readonly expectation: ModeExpectation
  readonly setup: TestSetup
  /** Where kernel functions are from that no kernel has itself. */
  readonly modules: TestModules
}

/** The vector of one test of an object: the program, the maps it refers to, the run, and what is expected. */
export function objectVector(asked: ObjectTest): Vector {
  const { id, spec, program, test, expectation } = asked
  const btf = spec.btf?.encode()
  const maps = new ObjectMaps(spec, asked.setup, btf)
  const load = vectorProgram(asked, program, maps, btf)
  const progs: VectorProgram[] = []
  // The list grows while it is gone through: programs that tail calls lead to have maps, too.
  for (const other of maps.programs) progs.push(vectorProgram(asked, other, maps, btf))
  const modules = asked.modules.havingAny([load, ...progs].flatMap(kernelNames))
  const runs = expectation.loads && expectation.retval !== undefined ? [run(program, test)] : []
  return createVector({
    id,
    ...load,
    // A test's flags are for its own program alone.
    flags: program.flags | test.flags,
    logLevel: logLevel(test.logLevel, expectation),
    // Patterns are looked for in all of it.
    logTail: 0,
    maps: maps.maps,
    ...(modules.length === 0 ? {} : { modules }),
    progs,
    runs,
    ...(expectation.xlated.length === 0 ? {} : { dump: ['xlated'] }),
    expect: expect(expectation, runs.length > 0),
  })
}

/** What of the kernel a program names. */
function kernelNames({ kfuncs = [], attachBtf }: VectorProgram): readonly string[] {
  const functions = kfuncs.map(({ name }) => name)
  return attachBtf === undefined ? functions : [...functions, attachBtf]
}

function vectorProgram(
  { spec, mode, setup, test }: ObjectTest,
  program: ProgramSpec,
  maps: ObjectMaps,
  btf: Uint8Array | undefined,
): VectorProgram {
  const { type, expectedAttachType, insns, license, flags } = program
  const kfuncs = (program.externs ?? []).flatMap(({ kind, pc, name }) => (kind === 'function' ? [{ pc, name }] : []))
  const typeIds = (program.externs ?? []).flatMap(({ kind, pc, name, typeKind }) =>
    kind === 'type' && typeKind !== undefined ? [{ pc, kind: typeKind, name }] : [],
  )
  const attachBtf = attachTarget(program)
  return {
    ...{ type, expectedAttachType, insns, license, flags, logLevel: LOG_STATS, logTail: 0, mapRefs: maps.add(program) },
    privilege: mode === 'unprivileged' ? unprivileged(test) : (setup.privilege ?? 'full'),
    ...(attachBtf === undefined ? {} : { attachBtf }),
    ...(kfuncs.length === 0 ? {} : { kfuncs }),
    ...(typeIds.length === 0 ? {} : { typeIds }),
    ...(btf === undefined || spec.btf === undefined ? {} : { btf: programBtf(program, spec, btf) }),
  }
}

function programBtf(program: ProgramSpec, spec: CollectionSpec, bytes: Uint8Array): VectorBtf {
  const lines = spec.btf === undefined ? [] : lineRecords(spec.btf, program.lineInfo)
  return { bytes, functions: program.functionInfo, lines }
}

/** A mode that keeps CAP_BPF is the one without CAP_PERFMON and CAP_SYS_ADMIN. */
function unprivileged({ capabilities }: AnnotatedTest): 'unprivileged' | 'no-perfmon' {
  return capabilities.includes('CAP_BPF') && !capabilities.includes('CAP_PERFMON') ? 'no-perfmon' : 'unprivileged'
}

const BTF_TYPES: ReadonlySet<number> = new Set([PROG_TYPE.TRACING, PROG_TYPE.LSM])

/** Programs that are for a kernel function or type find it by its BTF id. */
function attachTarget({ type, target, expectedAttachType, structOps }: ProgramSpec): string | undefined {
  if (structOps !== undefined) return structOps.struct
  const byId = BTF_TYPES.has(type) || expectedAttachType === ATTACH_TYPE.LSM_CGROUP
  return byId ? target : undefined
}

/** A refusal without a level is asked for again with 1 by libbpf; statistics are always welcome. */
function logLevel(level: number, { loads, messages, lacks }: ModeExpectation): number {
  const detail = level & LOG_DETAIL
  const least = loads || messages.length + lacks.length === 0 ? 0 : 1
  return Math.max(detail, least) | LOG_STATS
}

/** Programs that user space calls get no packet, and no count of repetitions. */
function run({ type }: ProgramSpec, { linearBytes }: AnnotatedTest): VectorRun {
  if (type === PROG_TYPE.SYSCALL) return { repeat: 0, flags: 0 }
  const base = { repeat: 1, flags: 0 }
  const dataIn = new Uint8Array(DATA_BYTES)
  if (linearBytes === undefined) return { ...base, dataIn }
  const ctxIn = new Uint8Array(SK_BUFF_BYTES)
  new DataView(ctxIn.buffer).setUint32(DATA_END_AT, linearBytes, true)
  return { ...base, dataIn, ctxIn }
}

function expect({ loads, messages, lacks, xlated, jited, retval }: ModeExpectation, runs: boolean): Expectation {
  return {
    load_ok: loads,
    ...(messages.length === 0 ? {} : { log: messages }),
    ...(lacks.length === 0 ? {} : { log_lacks: lacks }),
    ...(xlated.length === 0 ? {} : { xlated }),
    ...(jited.length === 0 ? {} : { jited }),
    ...(runs ? { run_errno: 0 } : {}),
    ...(runs && typeof retval === 'number' ? { retval } : {}),
  }
}
