import { KERNEL_PROFILES, type KernelProfile, kernelProfile } from '@bpfoundry/kernel-abi'
import { type OlderRules, rulesOf } from './portability/older-rules.ts'
import { VerifierError } from './verifier-error.ts'

/** What differs between kernels, as data: here of those that came later, {@link OlderRules} of those before. */
export interface Profile extends OlderRules {
  /** The release whose instructions and newer rules these are. */
  readonly name: string
  /** The log at level 2 begins with the table of live registers. */
  readonly showsLiveRegisters: boolean
  /** The log shows by marks what was read and written, as these are found on the way: `R1_w=`. */
  readonly marksLiveness: boolean
  /** Registers that nothing reads any more are followed with those that they are linked with, too. */
  readonly linksDeadRegisters: boolean
  /** How an access by a helper to the stack is called: by itself, or like one of the program's own. */
  readonly helperAccessWords: 'own' | 'indirect'
  /** What is said of a tail call through a map of another type. */
  readonly wrongTailCallMap: string
  /** A lookup in an array by a key that is known to be in range gives no NULL. */
  readonly knowsConstantKeys: boolean
  /** Of a number that is negated something is known afterwards, too. */
  readonly tracksNegation: boolean
  /** Stack memory that a helper only reads counts as written by it. */
  readonly helperReadsClobber: boolean
  /** A tail call counts as one that moves the packet even where it fails and the program goes on. */
  readonly failedTailCallMovesPacket: boolean
  /** Said after the references that the end of the program would leak. */
  readonly exitLeakWords?: string
  /** The log shows the lock that is held among the references. */
  readonly listsLocks: boolean
  /** Said of a lock that is held at the end of the program. */
  readonly exitLockWords: string
  /** Said of what can't be done in a section, at the end of the program; undefined where what is missing is told. */
  readonly exitSectionWords?: string
  /** Of a global function it is known whether it may sleep, and such are not called in sections. */
  readonly knowsSleepingFunctions: boolean
  /** Functions that give what RCU protects are called under RCU; or what they give can't be used. */
  readonly needsReadSide: boolean
  /** What a callback acquires it gives back itself, and gives back nothing else. */
  readonly callbacksOwnReferences: boolean
  /** Functions that 6.12 has not may be called. */
  readonly callsLaterFunctions: boolean
  /** What is taken out of a tree may be an object that the program owns, too. */
  readonly removesOwnedNodes: boolean
  /** What goes wrong in speculation only is stopped by a barrier, not refused. */
  readonly stopsSpeculation: boolean
  /** What is loaded from an arena may be sign-extended. */
  readonly extendsArenaLoads: boolean
  /** Tasks' values may point to memory that user space shares (`uptr`); the log calls pointers in maps by their kind. */
  readonly knowsUserPointers: boolean
  /** An address that a structure of the kernel holds may be read at, whatever is there. */
  readonly readsAnyAddress: boolean
}

const NEWER_RULES: readonly Omit<Profile, keyof OlderRules>[] = [
  {
    name: '6.12',
    showsLiveRegisters: false,
    marksLiveness: true,
    linksDeadRegisters: true,
    helperAccessWords: 'indirect',
    wrongTailCallMap: 'kernel subsystem misconfigured verifier',
    knowsConstantKeys: false,
    tracksNegation: false,
    helperReadsClobber: true,
    failedTailCallMovesPacket: true,
    listsLocks: false,
    exitLockWords: 'bpf_spin_unlock is missing',
    knowsSleepingFunctions: false,
    needsReadSide: false,
    callbacksOwnReferences: true,
    callsLaterFunctions: false,
    removesOwnedNodes: false,
    stopsSpeculation: false,
    extendsArenaLoads: false,
    knowsUserPointers: false,
    readsAnyAddress: false,
  },
  {
    name: '6.18',
    showsLiveRegisters: true,
    marksLiveness: false,
    linksDeadRegisters: false,
    helperAccessWords: 'own',
    wrongTailCallMap: 'expected prog array map for tail call',
    knowsConstantKeys: true,
    tracksNegation: true,
    helperReadsClobber: false,
    failedTailCallMovesPacket: false,
    callbacksOwnReferences: false,
    callsLaterFunctions: true,
    removesOwnedNodes: true,
    stopsSpeculation: true,
    extendsArenaLoads: true,
    knowsUserPointers: true,
    readsAnyAddress: true,
    exitLeakWords: 'BPF_EXIT instruction in main prog would lead to reference leak',
    listsLocks: true,
    exitLockWords: 'BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region',
    exitSectionWords: 'BPF_EXIT instruction in main prog',
    knowsSleepingFunctions: true,
    needsReadSide: true,
  },
]

export const DEFAULT_PROFILE = '6.12'

/** The rules of each release; before the default they are its own, but for what the release did otherwise. */
const PROFILES: ReadonlyMap<string, Profile> = new Map(
  [...KERNEL_PROFILES.keys()].map((name) => {
    const newer =
      NEWER_RULES.find((row) => row.name === name) ?? NEWER_RULES.find((row) => row.name === DEFAULT_PROFILE)
    return [name, { ...(newer as Omit<Profile, keyof OlderRules>), ...rulesOf(name) }]
  }),
)

/** A release that programs are judged for, and the rules by which they are. */
export interface Target {
  readonly release: KernelProfile
  readonly rules: Profile
}

/**
 * The release of that name, with its rules.
 *
 * @throws VerifierError VERIFIER_PROFILE for a name that this version has no data of
 */
export function targetNamed(name: string = DEFAULT_PROFILE): Target {
  const release = kernelProfile(name)
  const rules = PROFILES.get(name)
  if (release !== undefined && rules !== undefined) return { release, rules }
  throw new VerifierError({
    code: 'VERIFIER_PROFILE',
    message: `the verifier of Linux ${name} is not known`,
    got: name,
    expected: [...KERNEL_PROFILES.keys()].join(', '),
  })
}
