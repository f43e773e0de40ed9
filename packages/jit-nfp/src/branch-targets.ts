import { ERRNO } from '@bpfoundry/kernel-abi'
import { isBranch, setBranchTarget, setImmedValue } from '@bpfoundry/microcode'
import type { Emission } from './emit/emission.ts'
import { leadsElsewhere } from './program/insn-kinds.ts'
import { type InsnRecord, isSkipped } from './program/insn-record.ts'

/**
 * Last phase: all branches that an instruction became lead to where its target lies. A call through the subroutine that
 * saves registers has the callee's address in the word behind its branch.
 *
 * @see nfp_fixup_branches in nfp/bpf/jit.c
 */
export function setBranchTargets(emit: Emission, records: readonly InsnRecord[], end: number): void {
  for (const [pc, record] of records.entries()) {
    if (isSkipped(record) || !leadsElsewhere(record)) continue
    const { target } = record
    if (target === undefined) throw new Error(`the jump at ${pc} was not linked`)
    if (target.absorbed) {
      emit.refuse(ERRNO.ELOOP, 'Branch landing on removed instruction!!')
      return
    }
    for (let at = record.start; at < (records[pc + 1]?.start ?? end); at++) lead(emit, at, target.start)
  }
}

function lead(emit: Emission, at: number, to: number): void {
  const word = emit.words[at]
  const kind = emit.relocations.get(at)?.kind
  if (word === undefined) return
  if (kind === 'push-registers') {
    const next = emit.words[at + 1]
    if (next !== undefined) emit.words[at + 1] = setImmedValue(next, to)
  } else if (kind === 'branch' && isBranch(word)) {
    emit.words[at] = setBranchTarget(word, to)
  }
}
