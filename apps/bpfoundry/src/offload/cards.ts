import { BPF_FIRMWARE, CORENIC_FIRMWARE, type NfpCard, type NfpFirmware, nfpCard } from '@bpfoundry/nfp'
import { ANY_CARD, DEFAULT_CARD } from '../options/choices.ts'

const FIRMWARE_BY_NAME: ReadonlyMap<string, NfpFirmware> = new Map(
  [BPF_FIRMWARE, CORENIC_FIRMWARE].map((firmware) => [firmware.name, firmware]),
)

/** The card of that name, with another firmware where one is named. @throws DeviceError DEVICE_PROFILE_UNKNOWN */
export function cardNamed(name: string, firmware?: string): NfpCard {
  const card = nfpCard(name === ANY_CARD ? DEFAULT_CARD : name)
  const other = firmware === undefined ? undefined : FIRMWARE_BY_NAME.get(firmware)
  return other === undefined ? card : { ...card, firmware: other }
}
