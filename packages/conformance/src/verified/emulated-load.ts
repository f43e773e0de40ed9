import { BTF_KIND } from '@bpfoundry/btf'
import { encodeInsns, INSN_BYTES, type Insn } from '@bpfoundry/isa'
import {
  type InsertedModule,
  type Kernel,
  KernelError,
  type KernelProgram,
  ProgramNotCompiled,
  ProgramRejected,
} from '@bpfoundry/kernel'
import { attachSymbol, errnoName, type HelperCapability } from '@bpfoundry/kernel-abi'
import type { VerifierStats } from '@bpfoundry/verifier'
import type { VectorDump, VectorPrivilege, VectorProgram } from '../vector/vector.ts'
import { programBtf } from './vector-btf.ts'
import type { LoadOptions, LoadPart } from './vector-kernel.ts'

/** What came of a load: the program where it was accepted, and its part of the answer. */
export interface EmulatedLoad {
  readonly loaded?: KernelProgram
  readonly part: LoadPart
}

/** Loads a program of a case into the emulated kernel. @param modules in the order in which they were inserted */
export function loadVectorProgram(
  kernel: Kernel,
  modules: readonly InsertedModule[],
  program: VectorProgram,
  insns: readonly Insn[],
  { dump, fds }: LoadOptions,
): EmulatedLoad {
  const fdArray = withModules(fds, modules)
  const started = performance.now()
  const took = (): number => Math.round((performance.now() - started) * 1e4) / 10
  try {
    const loaded = kernel.loadProgram({
      ...requestOf(program, insns, { types: kernel.btf, fdArray, modules }),
      ...(fdArray.length === 0 ? {} : { fdArray }),
    })
    const { log, stats } = loaded
    return {
      loaded,
      part: { load_ok: true, errno: 0, load_us: took(), ...verdict(program, log, stats), ...info(loaded, dump) },
    }
  } catch (error) {
    return { part: { load_us: took(), ...refusal(program, error) } }
  }
}

function requestOf(program: VectorProgram, insns: readonly Insn[], links: Links): Parameters<Kernel['loadProgram']>[0] {
  const { type, expectedAttachType, license, flags, logLevel, btf, privilege, attachBtf, kfuncs, typeIds } = program
  const types = btf === undefined ? { functionInfo: [], lineInfo: [] } : programBtf(btf)
  const capabilities = privilege === undefined ? {} : { capabilities: CAPABILITIES[privilege] }
  const linked = withTypeIds(withFunctions(insns, kfuncs ?? [], links), typeIds ?? [], links)
  const plain = { name: 'vector', type, expectedAttachType, insns: linked, license, flags, logLevel }
  return { ...plain, ...types, ...capabilities, ...attachTo(links, attachBtf, { type, expectedAttachType }) }
}

/** What names of kernel symbols stand for. */
interface Links {
  readonly types: Kernel['btf']
  readonly fdArray: readonly number[]
  readonly modules: readonly InsertedModule[]
}

/** Place 0 of the array can't be said in a call: there it means the kernel itself. */
function withModules(fds: readonly number[], modules: readonly InsertedModule[]): readonly number[] {
  if (modules.length === 0) return fds
  return [...(fds.length === 0 ? [0] : fds), ...modules.map(({ fd }) => fd)]
}

/** Calls of kernel functions name them by BTF id; those of modules by the place of the module's fd, too. */
function withFunctions(
  insns: readonly Insn[],
  kfuncs: NonNullable<VectorProgram['kfuncs']>,
  { types, fdArray, modules }: Links,
): readonly Insn[] {
  if (kfuncs.length === 0 || types === undefined) return insns
  const linked = [...insns]
  for (const { pc, name } of kfuncs) {
    const id = types.find(name, BTF_KIND.FUNC) ?? 0
    const fd = modules[types.moduleOf?.(id) ?? -1]?.fd
    linked[pc] = { ...(insns[pc] as Insn), imm: id, off: fd === undefined ? 0 : fdArray.indexOf(fd) }
  }
  return linked
}

/** Constants that are ids of types. */
function withTypeIds(
  insns: readonly Insn[],
  typeIds: NonNullable<VectorProgram['typeIds']>,
  { types }: Links,
): readonly Insn[] {
  if (typeIds.length === 0 || types === undefined) return insns
  const linked = [...insns]
  for (const { pc, kind, name } of typeIds) linked[pc] = { ...(insns[pc] as Insn), imm: types.find(name, kind) ?? 0 }
  return linked
}

function attachTo(
  { types }: Links,
  symbol: string | undefined,
  { type, expectedAttachType }: Pick<VectorProgram, 'type' | 'expectedAttachType'>,
): object {
  if (types === undefined || symbol === undefined) return {}
  const { name, kind } = attachSymbol(symbol, expectedAttachType, type)
  const attachBtfId = types.find(name, kind)
  return attachBtfId === undefined ? {} : { attachBtfId }
}

const CAPABILITIES: Readonly<Record<VectorPrivilege, readonly HelperCapability[]>> = {
  full: ['CAP_BPF', 'CAP_PERFMON'],
  'no-perfmon': ['CAP_BPF'],
  unprivileged: [],
}

function refusal(program: VectorProgram, error: unknown): LoadPart {
  if (error instanceof ProgramRejected) {
    const { errno, log, stats, rejection } = error
    const refused = { load_ok: false, errno: errnoName(errno), ...verdict(program, log, stats) }
    return rejection.code === 'VERIFIER_UNSUPPORTED'
      ? { ...refused, unsupported: [whatOf(rejection.message)] }
      : refused
  }
  if (error instanceof ProgramNotCompiled) {
    // The verdict is there; what runs ask for is not.
    return { load_ok: true, errno: 0, ...verdict(program, error.log, error.stats) }
  }
  if (error instanceof KernelError) {
    return { load_ok: false, errno: errnoName(error.errno), verifier_log: error.message }
  }
  throw error
}

/** `arenas` of `arenas are not supported`. */
const whatOf = (message: string): string => message.trimEnd().replace(/(?:,? (?:is|are))? not supported$/, '')

function verdict({ logTail }: VectorProgram, log: string, stats: VerifierStats): LoadPart {
  const { stackDepthBytes } = stats
  return {
    verifier_log: logTail === 0 ? log : log.slice(-logTail),
    insn_processed: stats.insnsProcessed,
    total_states: stats.totalStates,
    peak_states: stats.peakStates,
    stack_depth: stackDepthBytes.length === 1 ? (stackDepthBytes[0] as number) : stackDepthBytes.join('+'),
    verification_time_us: stats.verificationTimeUs,
  }
}

function info({ image, tag, translation }: KernelProgram, dump: readonly VectorDump[]): LoadPart {
  const { codeBytes } = translation as { readonly codeBytes?: unknown }
  return {
    xlated_len: image.insns.length * INSN_BYTES,
    // Machine code tells its length.
    ...(typeof codeBytes === 'number' ? { jited_len: codeBytes } : {}),
    tag,
    ...(dump.includes('xlated') ? { xlated: Buffer.from(encodeInsns(image.insns)).toString('hex') } : {}),
  }
}
