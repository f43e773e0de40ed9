/**
 * A number of the model, with what it hangs on: no figure of the model comes from elsewhere. Which published rows it was
 * found from say the rows themselves (`calibrates`).
 */
export interface TimingParameter {
  readonly value: number
  readonly unit: 'cycles' | 'packets/s' | 'packets' | 'commands' | 'banks' | 'bytes' | 'ns' | 'ns/byte'
  /** Publication or manual; the section of the project's collection of measurements in parentheses. */
  readonly source: string
  /** What stands behind it where nothing was published. */
  readonly assumption?: string
}
