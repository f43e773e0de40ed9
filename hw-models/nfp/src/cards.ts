import { DeviceError } from '@bpfoundry/device'
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import type { NfpCard, NfpFirmware } from './card.ts'

/**
 * The BPF firmware as users had it. It was never published as source, so this is pieced together: limits of maps and
 * program from the documentation of its users, the head's limits and the stack from the published CoreNIC source, the
 * helpers from the driver's feature list (Linux 4.18 and later). Not published anywhere, hence assumed: ABI 3, several elements a control message, the split of
 * packets at 2048 bytes, key and value limits of 64 bytes each.
 */
export const BPF_FIRMWARE: NfpFirmware = {
  name: 'bpf-2.0.6',
  abiVersion: 3,
  multiEntryMessages: true,
  mapLookup: true,
  mapUpdate: true,
  mapDelete: true,
  perfEventOutput: true,
  adjustHead: { offMin: 44, offMax: 248, guaranteedSub: 84, guaranteedAdd: 112, noMeta: true },
  adjustTail: true,
  pseudoRandom: true,
  queueSelect: true,
  maps: {
    types: [MAP_TYPE.HASH, MAP_TYPE.ARRAY],
    maxMaps: 128,
    maxElements: 3_072_000,
    maxKeyBytes: 64,
    maxValueBytes: 64,
    maxElementBytes: 64,
  },
  maxProgramWords: 2800,
  stackBytes: 512,
  inlineBytes: 2048,
  liveReload: true,
  source: 'mizar documentation; nic-firmware; nfp.md 1.4, 1.5',
}

/** The published CoreNIC firmware: look-ups only, ABI 2. */
export const CORENIC_FIRMWARE: NfpFirmware = {
  name: 'corenic',
  abiVersion: 2,
  mapLookup: true,
  mapUpdate: false,
  mapDelete: false,
  perfEventOutput: false,
  adjustHead: { offMin: 44, offMax: 248, guaranteedSub: 84, guaranteedAdd: 112, noMeta: true },
  adjustTail: false,
  pseudoRandom: false,
  queueSelect: false,
  maps: {
    types: [MAP_TYPE.HASH, MAP_TYPE.ARRAY],
    maxMaps: 128,
    maxElements: 1024 * 2000,
    maxKeyBytes: 56,
    maxValueBytes: 56,
    maxElementBytes: 64,
  },
  maxProgramWords: 2560,
  stackBytes: 512,
  inlineBytes: 2048,
  liveReload: true,
  source: 'nic-firmware; nfp.md 1.4, 1.5',
}

const CLOCKS =
  'nic-firmware include/platform.h: clocks; CoreNIC: 5 islands of 10 workers in four-context mode; nfp.md 2'
const CORES = { workerCores: 50, threadsPerCore: 4, islands: 5, firmware: BPF_FIRMWARE, source: CLOCKS } as const

/** Offload cards by the name that a NIC profile gives in `offload`. */
// biome-ignore format: table
export const NFP_CARDS: Readonly<Record<string, NfpCard>> = {
  'agilio-cx-2x10': { ...CORES, name: 'agilio-cx-2x10', chip: 'NFP-4000', clockHz:   633e6, ports: 2, linkGbps:  10 },
  'agilio-cx-2x25': { ...CORES, name: 'agilio-cx-2x25', chip: 'NFP-4000', clockHz:   800e6, ports: 2, linkGbps:  25 },
  'agilio-cx-1x40': { ...CORES, name: 'agilio-cx-1x40', chip: 'NFP-4000', clockHz:   800e6, ports: 1, linkGbps:  40 },
  'agilio-cx-2x40': { ...CORES, name: 'agilio-cx-2x40', chip: 'NFP-4000', clockHz:   800e6, ports: 2, linkGbps:  40 },
  'agilio-lx':      { ...CORES, name: 'agilio-lx',      chip: 'NFP-6000', clockHz: 1_200e6, ports: 1, linkGbps: 100 },
}

/** @throws DeviceError DEVICE_PROFILE_UNKNOWN */
export function nfpCard(name: string): NfpCard {
  const card = NFP_CARDS[name]
  if (card !== undefined) return card
  throw new DeviceError({
    code: 'DEVICE_PROFILE_UNKNOWN',
    message: 'no such offload card',
    got: name,
    expected: Object.keys(NFP_CARDS).join(', '),
  })
}
