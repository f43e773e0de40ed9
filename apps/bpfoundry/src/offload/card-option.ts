import { BPF_FIRMWARE, CORENIC_FIRMWARE, NFP_CARDS, type NfpCard, type NfpFirmware, nfpCard } from '@bpfoundry/nfp'
import { Option } from 'commander'

/** Stands for the card that offload mode takes when none is named. */
const ANY_NFP = 'nfp'
/** The card of offload mode when none is named. */
export const DEFAULT_CARD = 'agilio-cx-2x10'

const FIRMWARES: ReadonlyMap<string, NfpFirmware> = new Map(
  [BPF_FIRMWARE, CORENIC_FIRMWARE].map((firmware) => [firmware.name, firmware]),
)

/** `--nic CARD`, for what is asked of cards that run programs themselves. */
export function cardOption(about: string): Option {
  return new Option('--nic <card>', about).choices([ANY_NFP, ...Object.keys(NFP_CARDS)])
}

/** `--firmware NAME` */
export function firmwareOption(): Option {
  return new Option('--firmware <name>', "with --nic: the card's firmware").choices([...FIRMWARES.keys()])
}

/** The card of that name, with another firmware where one is named. @throws DeviceError DEVICE_PROFILE_UNKNOWN */
export function cardNamed(name: string, firmware?: string): NfpCard {
  const card = nfpCard(name === ANY_NFP ? DEFAULT_CARD : name)
  const other = firmware === undefined ? undefined : FIRMWARES.get(firmware)
  return other === undefined ? card : { ...card, firmware: other }
}
