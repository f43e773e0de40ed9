import type { Insn } from '@bpfoundry/isa'
import { BPF_DW, BPF_IMM, BPF_LD } from '@bpfoundry/isa'
import type { NfpInsnFact, NfpProgram as TranslatorProgram } from '@bpfoundry/jit-nfp'
import type { VerifierMap } from '@bpfoundry/verifier'
import type { NfpFirmware } from './card.ts'
import type { NfpFindings, NfpHooks, NfpProgram } from './nfp-hooks.ts'
import { isOffloadNeutral } from './offload-map.ts'
import { verifierCuts } from './removed-slots.ts'
import { zeroExtended } from './zero-extension.ts'

/** What the translator gets to see besides the hooks' notes. */
export interface TranslatorScope {
  readonly firmware: NfpFirmware
  /** The number that the card knows a map by; neutral maps go by their own id. */
  mapNumber(id: number): number
}

const isWideLoad = ({ opcode }: Insn): boolean => opcode === (BPF_LD | BPF_IMM | BPF_DW)

/**
 * A verified program as the translator takes it: what the hooks noted of each instruction, and what the verifier did to
 * the program after them.
 *
 * @see nfp_bpf_finalize, nfp_bpf_replace_map_ptrs
 */
export function translatorInput(program: NfpProgram, hooks: NfpHooks, scope: TranslatorScope): TranslatorProgram {
  const findings = hooks.findings
  if (findings === undefined) throw new Error('a program is translated once it was verified')
  const guaranteed = hooks.adjustHead.pc
  const { adjustHead, maxProgramWords } = scope.firmware
  return {
    type: program.type,
    insns: program.insns,
    facts: insnFacts(program.insns, hooks, findings, scope),
    stackDepths: findings.stackDepthBytes,
    ...(guaranteed === undefined ? {} : { guaranteedAdjustHead: guaranteed }),
    target: {
      maxWords: maxProgramWords,
      ...(adjustHead === undefined ? {} : { adjustHead: { offMin: adjustHead.offMin, offMax: adjustHead.offMax } }),
    },
  }
}

function insnFacts(
  insns: readonly Insn[],
  { notes }: NfpHooks,
  { facts, maps }: NfpFindings,
  scope: TranslatorScope,
): NfpInsnFact[] {
  const seen = (pc: number): boolean => facts[pc]?.visited === true
  const cuts = verifierCuts(insns, seen)
  const extended = zeroExtended(insns, seen)
  return insns.map((insn, pc) => ({
    ...notes.factAt(pc, insn),
    ...(cuts.removed[pc] === 1 ? { removed: true } : {}),
    ...(cuts.wiredToNext.has(pc) ? { jumpTarget: pc + 1 } : {}),
    ...(extended.has(pc) ? { zeroExtend: true } : {}),
    ...(isWideLoad(insn) ? mapFact(maps[pc], scope) : {}),
  }))
}

function mapFact(map: VerifierMap | undefined, scope: TranslatorScope): NfpInsnFact {
  if (map === undefined) return {}
  return { mapNumber: isOffloadNeutral(map) ? map.id : scope.mapNumber(map.id) }
}
