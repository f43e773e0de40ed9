/** What differs between kernels, as data. Rows are added as profiles are. */
export interface Profile {
  readonly name: string
  /** The log at level 2 begins with the table of live registers. */
  readonly showsLiveRegisters: boolean
}

// biome-ignore format: table
const PROFILES: readonly Profile[] = [
  { name: '6.12', showsLiveRegisters: false },
  { name: '6.18', showsLiveRegisters: true },
]

export const DEFAULT_PROFILE = '6.12'

/** The profile of that name. @throws RangeError for a name that this version has no data of */
export function profileNamed(name: string = DEFAULT_PROFILE): Profile {
  const profile = PROFILES.find((row) => row.name === name)
  if (profile !== undefined) return profile
  throw new RangeError(`no verifier profile ${name}; there are ${PROFILES.map((row) => row.name).join(', ')}`)
}

/** Release numbers in order: `4.9` before `4.19`. */
export function isReleasedBy(since: string, release: string): boolean {
  const [major = 0, minor = 0] = since.split('.').map(Number)
  const [ofMajor = 0, ofMinor = 0] = release.split('.').map(Number)
  return major < ofMajor || (major === ofMajor && minor <= ofMinor)
}
