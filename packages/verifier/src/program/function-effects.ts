/** What functions may do that matters where they are called: by themselves, or by what they call. */
import { BPF_CALL, BPF_JMP, type Insn } from '@bpfoundry/isa'
import { helperPrototype } from '@bpfoundry/kernel-abi'
import { calledFunction, hasTrait } from '../kernel-types/kernel-function.ts'
import type { Subprogram } from '../verification.ts'
import type { KernelBtf, VerifierOptions, VerifierProgram } from '../verifier-api.ts'
import { isKernelCall } from './call-kinds.ts'
import { isSubprogramCall } from './control-flow.ts'
import { helperScope } from './helper-scope.ts'

type Effect = 'changesPacketData' | 'mightSleep'

/** Notes which functions may move the packet, and which may sleep. */
export function noteEffects(
  program: VerifierProgram,
  subprograms: readonly Subprogram[],
  options: VerifierOptions,
): void {
  const scope = helperScope(program, options)
  const helper = (insn: Insn): ReturnType<typeof helperPrototype> =>
    insn.opcode === (BPF_JMP | BPF_CALL) && insn.src === 0 ? helperPrototype(program.type, insn.imm, scope) : undefined
  note(program, subprograms, 'changesPacketData', (insn) => helper(insn)?.changesPacketData === true)
  note(
    program,
    subprograms,
    'mightSleep',
    (insn) => helper(insn)?.mightSleep === true || isSleeper(program, options.kernelBtf, insn),
  )
}

function isSleeper(program: VerifierProgram, btf: KernelBtf | undefined, insn: Insn): boolean {
  const fn = isKernelCall(insn) ? calledFunction(program, btf, insn) : undefined
  return fn !== undefined && hasTrait(fn, 'sleepable')
}

/** Until nothing new turns up: a function does what those do that it calls. */
function note(
  program: VerifierProgram,
  subprograms: readonly Subprogram[],
  effect: Effect,
  does: (insn: Insn) => boolean,
): void {
  const byStart = new Map(subprograms.map((subprogram) => [subprogram.start, subprogram]))
  const has = ({ start, end }: Subprogram): boolean =>
    program.insns.slice(start, end).some((insn, at) => {
      const callee = isSubprogramCall(insn) ? byStart.get(start + at + insn.imm + 1) : undefined
      return callee?.[effect] === true || does(insn)
    })
  for (let found = true; found; ) {
    const fresh = subprograms.filter((subprogram) => !subprogram[effect] && has(subprogram))
    for (const subprogram of fresh) subprogram[effect] = true
    found = fresh.length > 0
  }
}
