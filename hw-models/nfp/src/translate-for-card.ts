import { type NfpTranslation, translateNfp } from '@bpfoundry/jit-nfp'
import type { NfpCard } from './card.ts'
import type { NfpHooks, NfpProgram } from './nfp-hooks.ts'
import type { OffloadedMap } from './offload-map.ts'
import type { BlockerKind, NfpRefusal } from './refusal.ts'
import { translatorInput } from './translator-input.ts'

/** Words of a program, or why there are none. */
export type CardTranslation =
  | { readonly translation: NfpTranslation; readonly refusal?: undefined }
  | { readonly translation?: undefined; readonly refusal: NfpRefusal; readonly pc?: number }

/** -ENOSPC, as the driver's last line has it: the program is longer than the code store has room for. */
const NO_SPACE = /error -28 /

/**
 * A verified program in the card's words.
 *
 * @param maps the card's maps by id
 */
export function translateForCard(
  { firmware }: NfpCard,
  program: NfpProgram,
  hooks: NfpHooks,
  maps: ReadonlyMap<number, OffloadedMap>,
): CardTranslation {
  const mapNumber = (id: number): number => maps.get(id)?.tableId ?? 0
  const { translation, refusal } = translateNfp(translatorInput(program, hooks, { firmware, mapNumber }))
  if (refusal === undefined) return { translation }
  const kind: BlockerKind = NO_SPACE.test(refusal.message) ? 'program-length' : 'translation'
  const { errno, log, pc } = refusal
  return { refusal: { kind, errno, message: log.join('\n') }, ...(pc === undefined ? {} : { pc }) }
}
