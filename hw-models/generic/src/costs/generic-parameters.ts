import type { HostParameters } from '@bpfoundry/device'

export type GenericParameterName = 'generic.profile' | 'stmmac.generic' | 'stmmac.xmit'

/** What was found from measured rates, and how; see the rows that name these. */
// biome-ignore format: table
export const GENERIC_PARAMETERS: HostParameters<GenericParameterName> = {
  'generic.profile': { value: 122.47, unit: 'ns', found: 'perf report of a generic drop at 8.15 Mpps and of a generic transmit at 4.57 Mpps: share of each function' },
  'stmmac.generic':  { value: 8475,   unit: 'ns', found: 'least squares over drop, transmit and redirect, with stmmac.xmit' },
  'stmmac.xmit':     { value: 2276,   unit: 'ns', found: 'as stmmac.generic' },
}
