/**
 * Calls of helpers on a packet's path become calls of hidden subprograms that do what the helper does, so that compiling
 * engines stay in their own code. One subprogram a helper, or a helper and map, stands behind the program's own; calls
 * take one slot as before, so that nothing else moves.
 */
import type { InlinedProgram, ProgramLine, Subprogram } from '@bpfoundry/engine'
import { INLINED_STACK_BYTES, inlineHelper, inlinesByMap } from '@bpfoundry/helpers'
import { BPF_CALL_REL, type Insn, insnSlots, isCall } from '@bpfoundry/isa'
import { helperName } from '@bpfoundry/kernel-abi'
import type { BpfMap } from '@bpfoundry/maps'

/** A fixed-up program as far as this pass looks at it. */
export interface PlainProgram {
  readonly insns: readonly Insn[]
  readonly subprograms: readonly Subprogram[]
  readonly lines: readonly ProgramLine[]
}

/** A call to be replaced, and by which body. */
interface Call {
  readonly pc: number
  readonly helper: number
  readonly map: BpfMap | undefined
}

/**
 * The program with its helpers inlined; undefined when it calls none that can be.
 *
 * @param mapOf the map that the helper call at a slot is handed on every path, if there is one
 */
export function inlineHelpers(
  program: PlainProgram,
  mapOf: (pc: number) => BpfMap | undefined,
): InlinedProgram | undefined {
  const insns = [...program.insns]
  const subprograms = [...program.subprograms]
  const starts = new Map<string, number | undefined>()
  for (const call of helperCalls(program.insns, mapOf)) {
    const name = nameOf(call)
    if (!starts.has(name)) starts.set(name, append(call, name, insns, subprograms))
    const start = starts.get(name)
    if (start !== undefined) insns[call.pc] = BPF_CALL_REL(start - call.pc - 1)
  }
  return insns.length === program.insns.length ? undefined : { insns, subprograms, lines: program.lines }
}

/** Helper calls that may have an inlined form. */
function helperCalls(insns: readonly Insn[], mapOf: (pc: number) => BpfMap | undefined): Call[] {
  const calls: Call[] = []
  for (let pc = 0; pc < insns.length; pc += insnSlots(insns[pc] as Insn)) {
    const { imm: helper, src } = insns[pc] as Insn
    if (!isCall(insns[pc] as Insn) || src !== 0) continue
    const map = inlinesByMap(helper) ? mapOf(pc) : undefined
    calls.push({ pc, helper, map })
  }
  return calls
}

function nameOf({ helper, map }: Call): string {
  return map === undefined ? helperName(helper) : `${helperName(helper)}:${map.attributes.name}#${map.id}`
}

/** Puts the body behind the program; answers its first slot, undefined when there is no body. */
function append(call: Call, name: string, insns: Insn[], subprograms: Subprogram[]): number | undefined {
  const body = inlineHelper(call.helper, call.map)
  if (body === undefined) return undefined
  const start = insns.length
  insns.push(...body)
  subprograms.push({ name, start, end: insns.length, stackDepthBytes: INLINED_STACK_BYTES, hidden: true })
  return start
}
