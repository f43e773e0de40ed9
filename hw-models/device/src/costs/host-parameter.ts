/**
 * A number of a host model that was found from measured rates. Which rows found it say the rows themselves
 * (`calibrates`); each has at least two.
 */
export interface HostParameter {
  readonly value: number
  readonly unit: 'cycles' | 'ns' | 'packets/s' | 'frames'
  /** How it follows from its rows. */
  readonly found: string
}

/** Names of parameters as rows and sources use them. */
export type HostParameters<Name extends string> = Readonly<Record<Name, HostParameter>>
