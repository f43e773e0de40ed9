import type { HelperWork, ProgramWork, RateQuestion } from '@bpfoundry/device'
import type { ProgramImage } from '@bpfoundry/engine'
import { insnSlots } from '@bpfoundry/isa'
import type { KernelMap, KernelProgram } from '@bpfoundry/kernel'
import { type PathX86, pathX86 } from './path-x86.ts'

/** A program that does no more than return a verdict reads no packet. */
const MOST_RETURN_INSNS = 3
/** Slots before a call in which its map's address is looked for: arguments stand right before. */
const ARGUMENT_SLOTS = 8

/** What is known of a program's code: it does not change, so it is found once. */
interface CodeFacts {
  /** x86 instructions for one of BPF, over the whole program. */
  readonly x86PerInsn: number
  /** The helpers that it calls, a call site each. */
  readonly sites: readonly { readonly helper: number; readonly map: KernelMap | undefined }[]
}

const known = new WeakMap<ProgramImage, CodeFacts>()

/**
 * What a run's counters tell of a program's work, where its packets were not looked at one by one: executed instructions
 * times what the emitted code has for each, helper calls divided evenly among the call sites. Tables are taken to be
 * used evenly over all that is in them.
 */
export function estimateWork(program: KernelProgram, stage: RateQuestion['stage']): ProgramWork | undefined {
  if (stage.packets === 0) return undefined
  const { x86PerInsn, sites } = factsOf(program)
  const bpfInsns = stage.insns / stage.packets
  const callsASite = sites.length === 0 ? 0 : stage.helperCalls / stage.packets / sites.length
  return {
    bpfInsns,
    x86Insns: bpfInsns * x86PerInsn,
    helpers: sites.map(({ helper, map }): HelperWork => ({ helper, calls: callsASite, ...shapeOf(map) })),
    touched: bpfInsns > MOST_RETURN_INSNS ? 1 : 0,
    method: `${bpfInsns.toFixed(1)} of BPF counted by the run, ${x86PerInsn.toFixed(2)} for each in the emitted code`,
  }
}

function factsOf({ image, maps }: KernelProgram): CodeFacts {
  const facts = known.get(image)
  if (facts !== undefined) return facts
  const path = pathX86(image)
  const made = { x86PerInsn: ratioOf(image, path), sites: callSites(image, path, maps) }
  known.set(image, made)
  return made
}

function ratioOf({ insns }: ProgramImage, { bySlot, entry }: PathX86): number {
  let bpf = 0
  for (let pc = 0; pc < insns.length; pc += insnSlots(insns[pc] as ProgramImage['insns'][number])) bpf++
  return (entry + bySlot.reduce((sum, count) => sum + count, 0)) / Math.max(1, bpf)
}

function callSites(image: ProgramImage, path: PathX86, maps: readonly KernelMap[]): CodeFacts['sites'] {
  return image.insns.flatMap(({ imm }, pc) => {
    if (!path.callsHelper[pc]) return []
    const reference = image.mapReferences.findLast((one) => one.pc < pc && one.pc >= pc - ARGUMENT_SLOTS)
    return [{ helper: imm, map: maps.find(({ id }) => id === reference?.mapId) }]
  })
}

function shapeOf(map: KernelMap | undefined): Pick<HelperWork, 'map'> {
  if (map === undefined) return {}
  const { type, keySizeBytes, valueSizeBytes } = map.attributes
  return {
    map: { type, keyBytes: keySizeBytes, valueBytes: valueSizeBytes, hotElements: Math.max(1, map.storage.count) },
  }
}
