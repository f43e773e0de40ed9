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
  contextNames,
  HELPERS,
  helperSince,
  type KernelAbility,
  mapTypeName,
  mapTypeSince,
  PROG_FLAG,
  PROG_TYPE,
  programTypeName,
  programTypeSince,
  SK_BUFF,
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

/** A field of a context that came later than its program types: where it is, the release, its name. */
type LaterField = readonly [offsetBytes: number, sizeBytes: number, since: string, name: string]

// biome-ignore format: table
const LATER_FIELDS: ReadonlyMap<string, readonly LaterField[]> = new Map<string, readonly LaterField[]>([
  ['xdp_md', [
    [XDP_MD.dataMeta,       4, ABILITY_SINCE.xdpMetadata,      'data_meta'],
    [XDP_MD.ingressIfindex, 4, ABILITY_SINCE.xdpReceiveFields, 'ingress_ifindex'],
    [XDP_MD.rxQueueIndex,   4, ABILITY_SINCE.xdpReceiveFields, 'rx_queue_index'],
    [XDP_MD.egressIfindex,  4, ABILITY_SINCE.xdpEgressField,   'egress_ifindex'],
  ]],
  // @see kernel history of struct __sk_buff in include/uapi/linux/bpf.h
  ['__sk_buff', [
    [SK_BUFF.family,    4,  '4.14', 'family'],
    [SK_BUFF.remoteIp4, 4,  '4.14', 'remote_ip4'],
    [SK_BUFF.localIp4,  4,  '4.14', 'local_ip4'],
    [SK_BUFF.remoteIp6, 16, '4.14', 'remote_ip6'],
    [SK_BUFF.localIp6,  16, '4.14', 'local_ip6'],
    [132,               4,  '4.14', 'remote_port'],
    [136,               4,  '4.14', 'local_port'],
    [SK_BUFF.dataMeta,  4,  '4.15', 'data_meta'],
    [144,               8,  '4.20', 'flow_keys'],
    [SK_BUFF.tstamp,    8,  '5.0',  'tstamp'],
    [SK_BUFF.wireLen,   4,  '5.0',  'wire_len'],
    [SK_BUFF.gsoSegs,   4,  '5.1',  'gso_segs'],
    [168,               8,  '5.1',  'sk'],
    [SK_BUFF.gsoSize,   4,  '5.7',  'gso_size'],
    [180,               1,  '5.18', 'tstamp_type'],
    [SK_BUFF.hwtstamp,  8,  '5.16', 'hwtstamp'],
  ]],
])

/**
 * Everything that the program needs, the newest first; each need once, where it first shows.
 *
 * @param accessesContext whether the instruction at a slot goes to memory through the context
 */
export function requirementsOf(program: VerifierProgram, accessesContext: (pc: number) => boolean): Requirement[] {
  const found: Found[] = [
    ...ofContextFields(program, accessesContext),
    ...ofProgram(program),
    ...ofMaps(program),
    ...program.insns.flatMap((insn, pc) => [...ofInsn(program.insns, insn, pc), ...ofHelper(program, insn, pc)]),
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

function ofContextFields({ type, insns }: VerifierProgram, accessesContext: (pc: number) => boolean): Requirement[] {
  const context = contextNames(type)?.program ?? ''
  const fields = LATER_FIELDS.get(context) ?? []
  return insns.flatMap(({ off }, pc) => {
    if (!accessesContext(pc)) return []
    const field = fields.find(([offset, sizeBytes]) => off >= offset && off < offset + sizeBytes)
    return field === undefined ? [] : [{ since: field[2], what: `${context}.${field[3]}`, pc }]
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
  return found
}

/** A helper: its release, or the later one that gave it to a program type which was there already. */
function ofHelper({ type, expectedAttachType: attachType }: VerifierProgram, insn: Insn, pc: number): Found[] {
  const helper = isHelperCall(insn) ? HELPERS[insn.imm] : undefined
  if (helper === undefined) return []
  const { name, since } = helper
  const granted = helperSince(type, helper.id, { attachType }) ?? since
  if (granted === since || granted === programTypeSince(type)) return [{ since, what: `helper ${name}`, pc }]
  return [{ since: granted, what: `helper ${name} in programs of type ${programTypeName(type)}`, pc }]
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
