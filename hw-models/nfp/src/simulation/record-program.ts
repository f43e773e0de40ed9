import type { GuestMemory } from '@bpfoundry/guest-memory'
import type { NfpTranslation } from '@bpfoundry/jit-nfp'
import type { BpfMap } from '@bpfoundry/maps'
import type { NfpDevice } from '../nfp-device.ts'
import type { FirmwareBuild } from './card-run.ts'
import { PathRecorder } from './path-recorder.ts'

/** A recorder of a program that was loaded for a card. */
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

/** Makes a recorder of the ways that packets take through a program on a card. */
export function recordProgram({ device, maps, ...program }: ProgramRecording): PathRecorder {
  const byNumber = maps.flatMap((map): [number, BpfMap][] => {
    const onCard = device.maps.get(map.id)
    return onCard === undefined ? [] : [[onCard.tableId, map]]
  })
  return new PathRecorder({ ...program, maps: new Map(byNumber) })
}
