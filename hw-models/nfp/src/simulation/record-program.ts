import type { GuestMemory } from '@bpfoundry/guest-memory'
import type { NfpTranslation } from '@bpfoundry/jit-nfp'
import type { BpfMap } from '@bpfoundry/maps'
import type { NfpDevice } from '../nfp-device.ts'
import type { CardProgram } from './card-core.ts'
import type { FirmwareBuild } from './card-run.ts'
import { PathRecorder } from './path-recorder.ts'

/** A program that was loaded for a card, and what its cores work on. */
export interface ProgramRecording {
  readonly device: NfpDevice
  readonly translation: NfpTranslation
  readonly firmware: FirmwareBuild
  readonly memory: GuestMemory
  /** The program's maps; those that live on the card are found by the number that it knows them by. */
  readonly maps: readonly BpfMap[]
  /** See CardProgram. */
  readonly keepsMaps?: boolean
}

/** A program that was loaded for a card as its cores execute it. */
export function cardProgram({ device, maps, ...program }: ProgramRecording): CardProgram {
  const byNumber = maps.flatMap((map): [number, BpfMap][] => {
    const onCard = device.maps.get(map.id)
    return onCard === undefined ? [] : [[onCard.tableId, map]]
  })
  return { ...program, maps: new Map(byNumber) }
}

/** Makes a recorder of the ways that packets take through a program on a card. */
export function recordProgram(recording: ProgramRecording): PathRecorder {
  return new PathRecorder(cardProgram(recording))
}
