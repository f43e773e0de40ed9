/**
 * What the verifiers before 6.12 did otherwise, and until when: one row a change, so that each release is judged by the rules
 * that were not replaced yet. Where a field names several ways, the first is that of 6.12, the others are older and older.
 *
 * The releases are those of the kernel's history. Where a long-term release got a change later, its newest version is meant:
 * `until` names that one, and the row says where the change is from.
 */
import { compareReleases } from '@bpfoundry/kernel-abi'
import type { LoopRule } from '../program/control-flow.ts'

export interface OlderRules {
  // ---- numbers -----------------------------------------------------------------------------------------------------

  /** What decides a branch: two ranges; a range and a constant; one on the right; an immediate; one that is equal. */
  readonly decidedBy: 'ranges' | 'constants' | 'right-hand constants' | 'immediates' | 'equal immediates'
  /** Comparisons of two unknown numbers teach something of both. */
  readonly comparesRanges: boolean
  /** A range of the lower half of a number is kept beside that of the whole. */
  readonly tracksHalves: boolean
  /** Which copies of a number learn from it: also with a constant added; also spilled ones; those by moves; none. */
  readonly links: 'sums' | 'spills' | 'moves' | 'none'
  /** Moves of 32 bits copy a number that fits. */
  readonly linksHalfMoves: boolean
  /** Which numbers are known when they are loaded from the stack: all; those that have bounds; constants of 8 bytes. */
  readonly spills: 'any' | 'bounded' | 'whole constants' | 'none'
  /** A part of what was spilled is known when it is loaded. */
  readonly loadsSpilledParts: boolean
  /** A constant that an instruction stores to the stack is known when it is loaded. */
  readonly knowsStoredConstants: boolean
  /** How it is told which exact numbers matter: along all frames; within one; only in programs of one function; all do. */
  readonly precision: 'frames' | 'frame' | 'single functions' | 'none'
  /** What is in frozen maps that programs may not change is known. */
  readonly knowsFrozenMaps: boolean

  // ---- pointers and memory -----------------------------------------------------------------------------------------

  /** What is found equal to a pointer that is not NULL is not NULL. */
  readonly learnsFromEqualPointers: boolean
  /** Pointers to maps, to memory and to structures of the kernel are known not to be NULL, as those to values are. */
  readonly knowsMorePointersNonNull: boolean
  /** A packet pointer that was found past the end is known to be past it when it is compared again. */
  readonly knowsBeyondPacket: boolean
  /** Privileged programs may read stack that was never written, and let helpers read it. */
  readonly readsUnwrittenStack: boolean
  /** Privileged programs may let helpers read pointers that are on the stack. */
  readonly handsOverPointers: boolean
  /** Who may access the stack at an offset that is not constant. */
  readonly variableStack: 'instructions' | 'helpers' | 'nobody'
  /** Constants may be stored to the context. */
  readonly storesConstantsToContext: boolean
  /** Pointers among the arguments of kernel functions are loaded whole only. */
  readonly loadsPointersWhole: boolean
  /** A size that may be 0 is refused as such, or by what an access of no bytes meets. */
  readonly zeroSizes: 'refused' | 'tried'
  /** Under RCU, what a kernel pointer in a map's value points to stays for as long. */
  readonly keepsPointersUnderRcu: boolean
  /** Which tag says that a kernel pointer in a map's value is counted. */
  readonly countedPointerTag: 'kptr' | 'kptr_ref'

  // ---- functions ---------------------------------------------------------------------------------------------------

  /** How control may come back to an instruction: anyhow; by jumps, not by calls or from the one before it. */
  readonly loops: LoopRule
  /** A lock may be held over a call of a function of the program, and over that function's end. */
  readonly locksOverCalls: boolean
  /** Which global functions are judged by themselves. */
  readonly judgesGlobals: 'called' | 'all' | 'none'
  /** Global functions may take pointers to memory and structures, too, or numbers and the context only. */
  readonly globalArguments: 'pointers' | 'context'
  /** Frames take a multiple of this many bytes. */
  readonly frameStepBytes: 16 | 32
  /** What a hook's program answers is held against what the hook may give. */
  readonly judgesHookAnswers: boolean
  /** Attach types whose programs may answer 0 to 3, not just 0 or 1. */
  readonly fourAnswers: readonly ('CGROUP_INET_EGRESS' | 'CGROUP_INET4_BIND' | 'CGROUP_INET6_BIND')[]
  /** A return value is held against its range by its own range, or by its bits. */
  readonly returnsBy: 'range' | 'bits'

  // ---- words -------------------------------------------------------------------------------------------------------

  /** Bits that are all known: `0x0`, or `(0x0; 0x0)`. */
  readonly knownBits: 'value' | 'pair'
  /** Said of a helper that programs of this type can't call, before its name. */
  readonly forbiddenHelper: string
  /** How the structure behind a map pointer is called. */
  readonly mapStruct: string
  /** Of which pointers that are given back it is said in words of its own that they were moved. */
  readonly movedRelease: 'any' | 'structures'
  /** Arguments that functions don't take are told by what the register holds; by the parameter's type, the offset first. */
  readonly wrongArgument: 'register' | 'type'
  /** Prefixes of pointers' names that were others, or none. */
  readonly renamedPrefixes: readonly (readonly [newer: string, older: string])[]
  /** How running back along a path is logged: with frames and names, or in bits. */
  readonly precisionLog: 'names' | 'bits'
}

/** What 6.12 does, and what came after it. */
const NEWEST: OlderRules = {
  decidedBy: 'ranges',
  comparesRanges: true,
  tracksHalves: true,
  links: 'sums',
  linksHalfMoves: true,
  spills: 'any',
  loadsSpilledParts: true,
  knowsStoredConstants: true,
  precision: 'frames',
  knowsFrozenMaps: true,
  learnsFromEqualPointers: true,
  knowsMorePointersNonNull: true,
  knowsBeyondPacket: true,
  readsUnwrittenStack: true,
  handsOverPointers: true,
  variableStack: 'instructions',
  storesConstantsToContext: true,
  loadsPointersWhole: true,
  zeroSizes: 'refused',
  keepsPointersUnderRcu: true,
  countedPointerTag: 'kptr',
  loops: 'anyhow',
  locksOverCalls: true,
  judgesGlobals: 'called',
  globalArguments: 'pointers',
  frameStepBytes: 16,
  judgesHookAnswers: true,
  fourAnswers: ['CGROUP_INET_EGRESS', 'CGROUP_INET4_BIND', 'CGROUP_INET6_BIND'],
  returnsBy: 'range',
  knownBits: 'value',
  forbiddenHelper: 'program of this type cannot use helper',
  mapStruct: "'struct %s'",
  movedRelease: 'any',
  wrongArgument: 'register',
  renamedPrefixes: [],
  precisionLog: 'names',
}

/** What a release changed, and what held before it. */
interface Change {
  /** The first release without the older rule. */
  readonly until: string
  readonly before: Partial<OlderRules>
}

/** The newest first. @see kernel history of kernel/bpf/verifier.c */
// biome-ignore format: table
const CHANGES: readonly Change[] = [
  { until: '6.12', before: { knowsMorePointersNonNull: false } },
  { until: '6.11', before: { links: 'spills' } },
  { until: '6.10', before: { forbiddenHelper: 'unknown func' } },
  { until: '6.9',  before: { links: 'moves', spills: 'bounded', loadsSpilledParts: false, locksOverCalls: false } },
  // As near as it could be told: after 6.6, and before 6.12.
  { until: '6.9',  before: { frameStepBytes: 32 } },
  { until: '6.8',  before: { decidedBy: 'constants', comparesRanges: false } },
  { until: '6.8',  before: { zeroSizes: 'tried', returnsBy: 'bits', judgesGlobals: 'all', knownBits: 'pair' } },
  { until: '6.7',  before: { loops: 'by jumps' } },
  // Of 6.12 and 6.13, and of later versions of 6.12.y; the newest of 6.1.y has neither, of 6.6.y it is not sure.
  { until: '6.6',  before: { judgesHookAnswers: false, loadsPointersWhole: false } },
  { until: '6.5',  before: { precision: 'frame', linksHalfMoves: false } },
  { until: '6.4',  before: { decidedBy: 'right-hand constants', precisionLog: 'bits' } },
  { until: '6.4',  before: { countedPointerTag: 'kptr_ref', keepsPointersUnderRcu: false } },
  { until: '6.3',  before: { storesConstantsToContext: false } },
  { until: '6.2',  before: { movedRelease: 'structures', wrongArgument: 'type' } },
  { until: '6.2',  before: { learnsFromEqualPointers: false, mapStruct: '%s' } },
  { until: '6.2',  before: { renamedPrefixes: [['ringbuf_', 'alloc_'], ['trusted_', '']] } },
  // Of 6.3; 5.15.y and 6.1.y have it, too.
  { until: '5.15', before: { readsUnwrittenStack: false } },
  { until: '5.12', before: { globalArguments: 'context', fourAnswers: ['CGROUP_INET_EGRESS'] } },
  { until: '5.11', before: { knowsBeyondPacket: false, handsOverPointers: false } },
  { until: '5.10', before: { links: 'none', spills: 'whole constants' } },
  // Of 5.12, 6.2 and 6.3; the newest of 5.10.y and of later ones have them, too.
  { until: '5.10', before: { variableStack: 'helpers', precision: 'single functions', knowsStoredConstants: false } },
  { until: '5.7',  before: { tracksHalves: false } },
  { until: '5.6',  before: { judgesGlobals: 'none' } },
  { until: '5.5',  before: { knowsFrozenMaps: false } },
  { until: '5.3',  before: { fourAnswers: [] } },
  { until: '5.3',  before: { precision: 'none', spills: 'none', decidedBy: 'immediates' } },
  { until: '5.2',  before: { variableStack: 'nobody' } },
  { until: '5.0',  before: { decidedBy: 'equal immediates' } },
]

/** The rules of a release. */
export function rulesOf(release: string): OlderRules {
  const older = CHANGES.filter(({ until }) => compareReleases(release, until) < 0)
  return Object.assign({}, NEWEST, ...older.map(({ before }) => before)) as OlderRules
}
