import { branchTarget, immedValue, setBranchTarget, setImmedValue, type Word, withEcc } from '@bpfoundry/microcode'
import { JitNfpError } from './jit-nfp-error.ts'
import type { NfpPlacement, NfpRelocation, NfpRelocationKind, NfpTranslation } from './nfp-program.ts'

/** What a relocation does to its word. */
type Apply = (word: Word, relocation: NfpRelocation, where: Where) => Word

interface Where {
  readonly translation: NfpTranslation
  readonly placement: NfpPlacement
}

/** A branch to an entry point of the program. */
const toEntry =
  (entry: keyof NfpTranslation['entryPoints']): Apply =>
  (word, _relocation, { translation, placement }) =>
    setBranchTarget(word, (translation.entryPoints[entry] ?? 0) + placement.start)

const toHelper: Apply = (word, { helper = 0, at }, { placement }) => {
  const address = placement.helpers.get(helper)
  if (address !== undefined) return setBranchTarget(word, address)
  throw new JitNfpError({
    code: 'JIT_NFP_PLACEMENT',
    message: `the firmware has no routine for helper ${helper}`,
    where: { offsetBytes: at * 8 },
    hint: 'choose a card whose firmware has the helper',
  })
}

/** @see nfp_bpf_relo_for_vnic in nfp/bpf/jit.c */
const RELOCATIONS: Readonly<Record<NfpRelocationKind, Apply>> = {
  branch: (word, _relocation, { placement }) => setBranchTarget(word, branchTarget(word) + placement.start),
  out: toEntry('out'),
  abort: toEntry('abort'),
  'push-registers': toEntry('pushRegisters'),
  'pop-registers': toEntry('popRegisters'),
  'next-packet': (word, _relocation, { placement }) => setBranchTarget(word, placement.done),
  helper: toHelper,
  address: (word, _relocation, { placement }) => setImmedValue(word, immedValue(word) + placement.start),
}

/**
 * A program's words for one place of a card's control store, with ECC: what is loaded.
 *
 * @throws JitNfpError JIT_NFP_PLACEMENT where the firmware lacks a helper
 * @throws MicrocodeError where an address does not fit its word
 */
export function relocate(translation: NfpTranslation, placement: NfpPlacement): Word[] {
  const words = [...translation.words]
  const where = { translation, placement }
  for (const relocation of translation.relocations) {
    const word = words[relocation.at]
    if (word !== undefined) words[relocation.at] = RELOCATIONS[relocation.kind](word, relocation, where)
  }
  return words.map(withEcc)
}
