import { type AttachTypeName, attachTypeName } from './attach-types.ts'
import { HELPER_PROTOTYPES, type HelperPrototype } from './helper-prototypes.ts'
import { HELPER_ROWS } from './helper-rows.ts'
import {
  HELPER_SETS,
  type HelperCapability,
  type HelperSet,
  type HelperSetName,
  PROGRAM_HELPER_SETS,
} from './helper-sets.ts'
import { iteratorHelperSets } from './iterators.ts'
import { laterHelperSince } from './later-helpers.ts'
import { DEFAULT_PROFILE } from './profiles.ts'
import { effectiveAttachType } from './program-load.ts'
import { PROG_TYPE } from './program-types.ts'
import { compareReleases, isReleasedBy, programTypeSince } from './releases.ts'
import { structOps } from './struct-ops.ts'

/** A helper, whoever may call it. */
export interface Helper {
  /** BPF_FUNC_*: the call instruction's imm. */
  readonly id: number
  /** `bpf_map_lookup_elem` */
  readonly name: string
  /** The release that brought it, `4.14`. */
  readonly since: string
  readonly changesPacketData: boolean
}

/** Highest helper number of Linux 6.12. */
export const MAX_HELPER_ID: number = HELPER_ROWS.length

/** All helpers by number; index 0 (BPF_FUNC_unspec) is undefined. */
export const HELPERS: readonly (Helper | undefined)[] = [
  undefined,
  ...HELPER_ROWS.map(([id, name, since, effect]) => ({
    id,
    name: `bpf_${name}`,
    since,
    changesPacketData: effect !== undefined,
  })),
]

const BY_NAME: ReadonlyMap<string, Helper> = new Map(
  HELPERS.flatMap((helper) => (helper ? [[helper.name, helper]] : [])),
)

/** The helper of this name, with or without `bpf_`. */
export function helperByName(name: string): Helper | undefined {
  return BY_NAME.get(name.startsWith('bpf_') ? name : `bpf_${name}`)
}

/** `bpf_redirect_map` for 51; `unknown` for a number that no kernel knows, as the verifier's log says. */
export function helperName(id: number): string {
  return HELPERS[id]?.name ?? 'unknown'
}

/** Who asks for a helper. */
export interface HelperScope {
  /** Number of the expected attach type; 0 by default. */
  readonly attachType?: number
  /** Of STRUCT_OPS: the structure and the member that the program stands in for. TCP congestion control by default. */
  readonly structOps?: { readonly name: string; readonly member: string }
  /** Of TRACING: the iterator that the program is bound to. */
  readonly iterator?: string
  /** Both by default. */
  readonly capabilities?: readonly HelperCapability[]
  /** Of the kernel; {@link DEFAULT_PROFILE} by default. Whether the release has the helper at all is not asked. */
  readonly release?: string
}

const ALL_CAPABILITIES: readonly HelperCapability[] = ['CAP_BPF', 'CAP_PERFMON']

function setApplies(set: HelperSet, attachType: AttachTypeName): boolean {
  if (set.onlyFor !== undefined && !set.onlyFor.includes(attachType)) return false
  return !set.exceptFor?.includes(attachType)
}

/** Helper number to variant, in a set. */
const SET_ENTRIES: ReadonlyMap<HelperSetName, ReadonlyMap<number, string>> = new Map(
  (Object.entries(HELPER_SETS) as [HelperSetName, HelperSet][]).map(([name, set]) => [
    name,
    new Map(
      set.helpers
        .trim()
        .split(/\s+/)
        .map((entry) => {
          const [helper = '', variant = helper] = entry.split('=')
          return [helperByName(helper)?.id ?? 0, variant]
        }),
    ),
  ]),
)

const TYPE_NAMES: ReadonlyMap<number, keyof typeof PROG_TYPE> = new Map(
  Object.entries(PROG_TYPE).map(([name, type]) => [type, name as keyof typeof PROG_TYPE]),
)

function setsOf(
  typeName: keyof typeof PROG_TYPE,
  { structOps: place, iterator }: HelperScope,
): readonly HelperSetName[] {
  if (place !== undefined) return structOps(place.name)?.helpers(place.member) ?? []
  const sets = PROGRAM_HELPER_SETS[typeName]
  return iterator === undefined ? sets : [...sets, ...iteratorHelperSets(iterator)]
}

/** A set that names a helper: as what, and since which release; undefined where the helper's own counts. */
interface Grant {
  readonly variant: string
  readonly since: string | undefined
  readonly capability: HelperCapability | undefined
}

/** The sets that name helper `id`, the first that counts first. Releases are left to who asks. */
function* grantsOf(programType: number, id: number, scope: HelperScope): Generator<Grant> {
  const typeName = TYPE_NAMES.get(programType) ?? 'UNSPEC'
  const attachType = attachTypeName(effectiveAttachType(programType, scope.attachType ?? 0)) as AttachTypeName
  for (const name of setsOf(typeName, scope)) {
    const set: HelperSet = HELPER_SETS[name]
    const variant = SET_ENTRIES.get(name)?.get(id)
    if (variant === undefined || !setApplies(set, attachType)) continue
    yield { variant, since: set.since ?? laterHelperSince(programType, id), capability: set.capability }
  }
}

/**
 * The prototype of helper `id` for programs of type `programType`: the same helper takes other arguments, or has
 * another implementation, in another type. Undefined when such a program may not call it ("program of this type
 * cannot use helper").
 *
 * @param programType BPF_PROG_TYPE_*
 */
export function helperPrototype(programType: number, id: number, scope: HelperScope = {}): HelperPrototype | undefined {
  const { capabilities = ALL_CAPABILITIES, release = DEFAULT_PROFILE } = scope
  for (const { variant, since, capability } of grantsOf(programType, id, scope)) {
    if (since !== undefined && !isReleasedBy(since, release)) continue
    if (capability !== undefined && !capabilities.includes(capability)) return undefined
    return HELPER_PROTOTYPES.get(variant)
  }
  return undefined
}

/** Whether programs of type `programType` may call helper `id`. */
export function helperAllowed(programType: number, id: number, scope: HelperScope = {}): boolean {
  return helperPrototype(programType, id, scope) !== undefined
}

/**
 * The release from which on programs of type `programType` may call helper `id`, which may be later than the one that brought
 * the helper; undefined where none lets them.
 */
export function helperSince(programType: number, id: number, scope: HelperScope = {}): string | undefined {
  const [born, typed] = [HELPERS[id]?.since, programTypeSince(programType)]
  if (born === undefined || typed === undefined) return undefined
  const granted = [...grantsOf(programType, id, scope)].filter(({ variant }) => HELPER_PROTOTYPES.has(variant))
  const grants = granted.map(({ since = born }) => since).sort(compareReleases)
  return grants[0] === undefined ? undefined : [born, typed, grants[0]].sort(compareReleases).at(-1)
}
