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

/** A set, helper number to variant. */
interface Granting {
  readonly set: HelperSet
  readonly variants: ReadonlyMap<number, string>
}

function grantingOf(name: HelperSetName): Granting {
  const set: HelperSet = HELPER_SETS[name]
  const entries = set.helpers.trim().split(/\s+/)
  const variants = entries.map((entry): [number, string] => {
    const [helper = '', variant = helper] = entry.split('=')
    return [helperByName(helper)?.id ?? 0, variant]
  })
  return { set, variants: new Map(variants) }
}

const GRANTING: ReadonlyMap<HelperSetName, Granting> = new Map(
  (Object.keys(HELPER_SETS) as HelperSetName[]).map((name) => [name, grantingOf(name)]),
)

const granting = (names: readonly HelperSetName[]): readonly Granting[] =>
  names.map((name) => GRANTING.get(name) as Granting)

const BY_TYPE: ReadonlyMap<number, readonly Granting[]> = new Map(
  (Object.entries(PROGRAM_HELPER_SETS) as [keyof typeof PROG_TYPE, readonly HelperSetName[]][]).map(([name, sets]) => [
    PROG_TYPE[name],
    granting(sets),
  ]),
)

function setsOf(programType: number, { structOps: place, iterator }: HelperScope): readonly Granting[] {
  if (place !== undefined) return granting(structOps(place.name)?.helpers(place.member) ?? [])
  const sets = BY_TYPE.get(programType) ?? []
  return iterator === undefined ? sets : [...sets, ...granting(iteratorHelperSets(iterator))]
}

function setApplies({ onlyFor, exceptFor }: HelperSet, programType: number, attachType: number = 0): boolean {
  if (onlyFor === undefined && exceptFor === undefined) return true
  const name = attachTypeName(effectiveAttachType(programType, attachType)) as AttachTypeName
  return (onlyFor?.includes(name) ?? true) && !exceptFor?.includes(name)
}

/** A set that names a helper: as what, and since which release; undefined where the helper's own counts. */
type Grant = readonly [variant: string, since: string | undefined, capability: HelperCapability | undefined]

/** The first set that names helper `id` and is taken. */
function grantOf(
  programType: number,
  id: number,
  scope: HelperScope,
  takes: (since: string | undefined, variant: string) => boolean,
): Grant | undefined {
  for (const { set, variants } of setsOf(programType, scope)) {
    const variant = variants.get(id)
    if (variant === undefined || !setApplies(set, programType, scope.attachType)) continue
    const since = set.since ?? laterHelperSince(programType, id)
    if (takes(since, variant)) return [variant, since, set.capability]
  }
  return undefined
}

/**
 * The prototype of helper `id` for programs of type `programType`: the same helper takes other arguments, or has
 * another implementation, in another type. Undefined when such a program may not call it ("program of this type
 * cannot use helper").
 *
 * @param programType BPF_PROG_TYPE_*
 */
export function helperPrototype(programType: number, id: number, scope: HelperScope = {}): HelperPrototype | undefined {
  const { capabilities, release = DEFAULT_PROFILE } = scope
  const grant = grantOf(programType, id, scope, (since) => since === undefined || isReleasedBy(since, release))
  if (grant === undefined) return undefined
  const [variant, , capability] = grant
  const isCapable = capability === undefined || (capabilities?.includes(capability) ?? true)
  return isCapable ? HELPER_PROTOTYPES.get(variant) : undefined
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
  let earliest: string | undefined
  grantOf(programType, id, scope, (since = born, variant) => {
    const isEarlier = earliest === undefined || compareReleases(since, earliest) < 0
    if (isEarlier && HELPER_PROTOTYPES.has(variant)) earliest = since
    return false
  })
  return earliest === undefined ? undefined : [born, typed, earliest].sort(compareReleases).at(-1)
}
