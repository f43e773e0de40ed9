import { Kernel } from '@bpfoundry/kernel'
import type { CollectionSpec } from '@bpfoundry/loader'
import type { LoadedNfpProgram, NfpCard } from '@bpfoundry/nfp'
import { createObjects } from './bench-objects.ts'
import { OffloadCard } from './offload-card.ts'

/** A program as a card's driver has it after the load. */
export interface OffloadedProgram {
  readonly name: string
  readonly tag: string
  readonly loaded: LoadedNfpProgram
}

/**
 * Loads a program for a card and keeps nothing but what became of it.
 *
 * @param program needed when the object holds several
 * @throws ProgramRejected, AttachError where the card refuses it; else as {@link createObjects}
 */
export function translateOffload(
  spec: CollectionSpec,
  object: string,
  program: string | undefined,
  card: NfpCard,
): OffloadedProgram {
  const wanted = program === undefined ? {} : { programs: [program] }
  const objects = createObjects(Kernel.create(), spec, object, wanted)
  const port = new OffloadCard(card.name, 2, card.name, card.firmware)
  const { id, image } = objects.program(program).forMode('offload', port)
  const loaded = port.nfp.program(id)
  if (loaded === undefined) throw new Error('what was loaded for a card is on it')
  return { name: image.name, tag: image.tag, loaded }
}
