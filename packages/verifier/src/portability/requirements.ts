/**
 * What a program needs of a kernel that not every release has: instructions, helpers, types of programs and maps, and what
 * the verifier takes. Each need names the release that brought it, so that one look at a program tells from which kernel on
 * it can load, and what stops it before.
 *
 * These are necessary conditions. A program that has them may still be refused by an old kernel, whose verifier knew less
 * about numbers; that is not followed (docs/parity/verifier.md).
 */
import {
  BPF_CALL,
  BPF_JMP,
  BPF_PSEUDO_BTF_ID,
  BPF_PSEUDO_KFUNC_CALL,
  BPF_PSEUDO_MAP_IDX_VALUE,
  BPF_PSEUDO_MAP_VALUE,
  type Insn,
  isLdImm64,
  lookupInsn,
} from '@bpfoundry/isa'
import {
  ABILITY_SINCE,
  compareReleases,
  HELPERS,
  type KernelAbility,
  mapTypeName,
  mapTypeSince,
  PROG_FLAG,
  PROG_TYPE,
  programTypeName,
  programTypeSince,
  XDP_MD,
} from '@bpfoundry/kernel-abi'
import { checkControlFlow, isFunctionLoad, isSubprogramCall } from '../program/control-flow.ts'
import { Refusal } from '../report/refusal.ts'
import type { Requirement, VerifierProgram } from '../verifier-api.ts'

const TAIL_CALL = 12
/** BPF_MAXINSNS: what every program was limited to before 5.2. */
const OLD_LONGEST = 4096

/** src of LD_IMM64, and the ability that it asks for. */
// biome-ignore format: table
const LD_IMM64_ABILITIES: ReadonlyMap<number, readonly [KernelAbility, string]> = new Map([
  [BPF_PSEUDO_MAP_VALUE,     ['globalData',      "addresses of map values: global data"]],
  [BPF_PSEUDO_MAP_IDX_VALUE, ['globalData',      "addresses of map values: global data"]],
  [BPF_PSEUDO_BTF_ID,        ['kernelVariables', 'addresses of kernel variables']],
])

const isHelperCall = ({ opcode, src }: Insn): boolean => opcode === (BPF_JMP | BPF_CALL) && src === 0
const isKernelCall = ({ opcode, src }: Insn): boolean =>
  opcode === (BPF_JMP | BPF_CALL) && src === BPF_PSEUDO_KFUNC_CALL

/** Fields of struct xdp_md that came later than XDP, by offset. */
// biome-ignore format: table
const XDP_FIELDS: ReadonlyMap<number, readonly [KernelAbility, string]> = new Map([
  [XDP_MD.dataMeta,       ['xdpMetadata',      'xdp_md.data_meta']],
  [XDP_MD.ingressIfindex, ['xdpReceiveFields', 'xdp_md.ingress_ifindex']],
  [XDP_MD.rxQueueIndex,   ['xdpReceiveFields', 'xdp_md.rx_queue_index']],
  [XDP_MD.egressIfindex,  ['xdpEgressField',   'xdp_md.egress_ifindex']],
])

/**
 * Everything that the program needs, the newest first; each need once, where it first shows.
 *
 * @param accessesContext whether the instruction at a slot goes to memory through the context
 */
export function requirementsOf(program: VerifierProgram, accessesContext: (pc: number) => boolean): Requirement[] {
  const found: Found[] = [
    ...(program.type === PROG_TYPE.XDP ? ofXdpFields(program.insns, accessesContext) : []),
    ...ofProgram(program),
    ...ofMaps(program),
    ...program.insns.flatMap((insn, pc) => ofInsn(program.insns, insn, pc)),
    ...ofLoops(program.insns),
    ...ofTailCalls(program.insns),
  ]
  const first = new Map<string, Requirement>()
  for (const one of found) {
    const need = one.kind ?? one.what
    if (!first.has(need)) first.set(need, plain(one))
  }
  return [...first.values()].sort((a, b) => compareReleases(b.since, a.since))
}

/** A need, and what others it is one of: of those the first is told. */
type Found = Requirement & { readonly kind?: string }

function plain({ since, what, pc }: Found): Requirement {
  return { since, what, ...(pc === undefined ? {} : { pc }) }
}

function needs(ability: KernelAbility, what: string, pc?: number): Requirement {
  return { since: ABILITY_SINCE[ability], what, ...(pc === undefined ? {} : { pc }) }
}

function ofProgram({ type, insns, flags = 0 }: VerifierProgram): Requirement[] {
  const since = programTypeSince(type)
  return [
    ...(since === undefined ? [] : [{ since, what: `programs of type ${programTypeName(type)}` }]),
    ...(insns.length > OLD_LONGEST ? [needs('largePrograms', `${insns.length} instructions`)] : []),
    ...((flags & PROG_FLAG.SLEEPABLE) !== 0 ? [needs('sleepable', 'programs that may sleep')] : []),
    ...(type === PROG_TYPE.XDP && (flags & PROG_FLAG.XDP_HAS_FRAGS) !== 0 ? [needs('xdpFrags', 'XDP on frags')] : []),
  ]
}

function ofXdpFields(insns: readonly Insn[], accessesContext: (pc: number) => boolean): Requirement[] {
  return insns.flatMap((insn, pc) => {
    const field = accessesContext(pc) ? XDP_FIELDS.get(insn.off) : undefined
    return field === undefined ? [] : [needs(field[0], field[1], pc)]
  })
}

function ofMaps({ maps }: VerifierProgram): Requirement[] {
  return [...maps.values()].flatMap(({ type }) => {
    const since = mapTypeSince(type)
    return since === undefined ? [] : [{ since, what: `maps of type ${mapTypeName(type)}` }]
  })
}

function ofInsn(insns: readonly Insn[], insn: Insn, pc: number): Found[] {
  const previous = insns[pc - 1]
  if (previous !== undefined && isLdImm64(previous)) return []
  const row = lookupInsn(insn)
  const found: Found[] = []
  // Calls and 64-bit loads are told by what they are of.
  const isPlain = row !== undefined && row.linux !== '' && row.kind !== 'call' && row.kind !== 'ld_imm64'
  if (isPlain) {
    const { linux: since, name, cpu } = row
    found.push({ since, what: `instruction ${name} (-mcpu=v${cpu})`, pc, kind: `instructions of ${since}, v${cpu}` })
  }
  const loaded = isLdImm64(insn) ? LD_IMM64_ABILITIES.get(insn.src) : undefined
  if (loaded !== undefined) found.push(needs(loaded[0], loaded[1], pc))
  if (isFunctionLoad(insn)) found.push(needs('callbacks', 'callbacks', pc))
  if (isSubprogramCall(insn)) found.push(needs('functionCalls', 'calls of own functions', pc))
  if (isKernelCall(insn)) found.push(needs('kernelFunctions', 'calls of kernel functions', pc))
  const helper = isHelperCall(insn) ? HELPERS[insn.imm] : undefined
  if (helper !== undefined) found.push({ since: helper.since, what: `helper ${helper.name}`, pc })
  return found
}

/** A jump backwards; what else is wrong with the flow is not asked here. */
function ofLoops(insns: readonly Insn[]): Requirement[] {
  try {
    checkControlFlow(insns, 'never')
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (error.code === 'VERIFIER_BACK_EDGE') return [needs('boundedLoops', 'loops', error.pc)]
  }
  return []
}

function ofTailCalls(insns: readonly Insn[]): Requirement[] {
  const pc = insns.findIndex((insn) => isHelperCall(insn) && insn.imm === TAIL_CALL)
  const calls = insns.some(isSubprogramCall)
  return pc >= 0 && calls ? [needs('tailCallsWithFunctions', 'tail calls beside calls of own functions', pc)] : []
}
