import { DeviceError } from './device-error.ts'
import type { NicProfile } from './nic-profile.ts'

const GENERIC: NicProfile = {
  name: 'dummy',
  driver: 'dummy',
  description: 'any interface without XDP support of its own: generic XDP only',
  maxQueues: 128,
  rxRingSize: 512,
  headroomBytes: 256,
  skbHeadroomBytes: 64,
  frameBytes: 4096,
  maxMtu: 65_535,
  ethtool: [],
  source: 'drivers/net/dummy.c',
}

/** Every profile by name. */
export const NIC_PROFILES: ReadonlyMap<string, NicProfile> = new Map([GENERIC].map((row) => [row.name, row]))

/** @throws DeviceError DEVICE_PROFILE_UNKNOWN */
export function nicProfile(name: string): NicProfile {
  const profile = NIC_PROFILES.get(name)
  if (profile !== undefined) return profile
  throw new DeviceError({
    code: 'DEVICE_PROFILE_UNKNOWN',
    message: 'no such card',
    got: name,
    expected: [...NIC_PROFILES.keys()].join(', '),
  })
}
