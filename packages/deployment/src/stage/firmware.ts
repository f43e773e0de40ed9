import { BPF_FIRMWARE, CORENIC_FIRMWARE, type NfpFirmware } from '@bpfoundry/nfp'
import { without } from '../fields.ts'
import type { FirmwareCapability, FirmwareChoice } from '../schema/host.ts'

const FIRMWARES: Readonly<Record<FirmwareChoice['name'], NfpFirmware>> = {
  bpf: BPF_FIRMWARE,
  corenic: CORENIC_FIRMWARE,
}

/** What a firmware is without each capability. */
// biome-ignore format: table
const LACKING: Readonly<Record<FirmwareCapability, (firmware: NfpFirmware) => NfpFirmware>> = {
  mapLookup:       (firmware) => ({ ...firmware, mapLookup: false }),
  mapUpdate:       (firmware) => ({ ...firmware, mapUpdate: false }),
  mapDelete:       (firmware) => ({ ...firmware, mapDelete: false }),
  perfEventOutput: (firmware) => ({ ...firmware, perfEventOutput: false }),
  adjustHead:      (firmware) => without(firmware, ['adjustHead']),
  adjustTail:      (firmware) => ({ ...firmware, adjustTail: false }),
  pseudoRandom:    (firmware) => ({ ...firmware, pseudoRandom: false }),
  queueSelect:     (firmware) => ({ ...firmware, queueSelect: false }),
  liveReload:      (firmware) => ({ ...firmware, liveReload: false }),
}

/** The firmware that a deployment asks for. */
export function firmwareOf({ name, without }: FirmwareChoice): NfpFirmware {
  const firmware = without.reduce((made, capability) => LACKING[capability](made), FIRMWARES[name])
  return without.length === 0 ? firmware : { ...firmware, name: `${firmware.name} without ${without.join(', ')}` }
}
