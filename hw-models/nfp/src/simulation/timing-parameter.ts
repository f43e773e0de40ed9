/** A number of the model, with what it hangs on: no figure of the model comes from elsewhere. */
export interface TimingParameter {
  readonly value: number
  readonly unit: 'cycles' | 'packets/s' | 'packets' | 'commands' | 'banks' | 'bytes' | 'ns' | 'ns/byte'
  /** Publication or manual; the section of the project's collection of measurements in parentheses. */
  readonly source: string
  /** Published rows, by id, from which the value was found; empty where it was read in the source. */
  readonly calibratedBy: readonly string[]
  /** What stands behind it where nothing was published. */
  readonly assumption?: string
}
