import { type HostParameters, PROCESSORS } from '@bpfoundry/device'

export type NativeParameterName =
  | 'i40e.receive'
  | 'i40e.transmit'
  | 'i40e.redirect'
  | 'i40e.card'
  | 'intel.mitigations'
  | 'mlx5.receive'
  | 'mlx5.transmit'
  | 'mlx5.redirect'
  | 'mlx5.touch'
  | 'mlx5.cardKept'
  | 'mlx5.cardSent'
  | 'mlx5.stack'
  | 'mlx5.fibLookup'
  | 'mlx5.fibFullTable'
  | 'mlx5-2017.receive'
  | 'mlx5-2017.touch'
  | 'frameCache.frames'
  | 'frameCache.miss'
  | 'stmmac.receive'

/**
 * What was found from measured rates, and how. The rows name the parameters that they calibrate; all other rows only
 * validate. Cycles are what is left of a row's time after everything that is known otherwise: program by instructions,
 * helpers by instructions, first touch and doorbell by their own sources.
 */
// biome-ignore format: table
export const NATIVE_PARAMETERS: HostParameters<NativeParameterName> = {
  'i40e.receive':       { value: 67,    unit: 'cycles',    found: 'least squares of the logarithms over seven programs at 1.2 and 3.7 GHz, with i40e.transmit and i40e.redirect' },
  'i40e.transmit':      { value: 147,   unit: 'cycles',    found: 'as i40e.receive' },
  'i40e.redirect':      { value: 227,   unit: 'cycles',    found: 'as i40e.receive' },
  'i40e.card':          { value: 37.2e6, unit: 'packets/s', found: 'mean of what XL710 cards took where cores idled' },
  'intel.mitigations':  { value: 46,    unit: 'ns',        found: 'what ixgbe and i40e took longer to redirect on Linux 5.11 than on the 5.6 of hXDP, mean of both' },
  'mlx5.receive':       { value: 107,   unit: 'cycles',    found: 'mean of the drop rows of one core' },
  'mlx5.transmit':      { value: 53,    unit: 'cycles',    found: 'transmit less drop, mean of a ConnectX-5 on Linux 4.17 and a ConnectX-4 on 4.11' },
  'mlx5.redirect':      { value: 280,   unit: 'cycles',    found: 'mean of the redirect rows of one core' },
  'mlx5.touch':         { value: PROCESSORS['E5-1650 v4'].firstTouchNanoseconds, unit: 'ns',        found: 'reading less not reading, one and two cores' },
  'mlx5.cardKept':      { value: 86.7e6, unit: 'packets/s', found: 'mean of the drop rows where cores idled: PCIe, without compressed completions' },
  'mlx5.cardSent':      { value: 69.5e6, unit: 'packets/s', found: 'mean of the transmit rows where more cores gave no more' },
  'mlx5.stack':         { value: 662,   unit: 'cycles',    found: 'mean of two hosts that drop in iptables raw on one core, less receive' },
  'mlx5.fibLookup':     { value: 277,   unit: 'cycles',    found: 'mean of the forwarding rows of one core and one route, less redirect' },
  'mlx5.fibFullTable':  { value: 100,   unit: 'ns',        found: 'forwarding with 752,147 routes on one and two cores, less with one route' },
  'mlx5-2017.receive':  { value: 174,   unit: 'cycles',    found: 'mean of drop, drop with read, and transmit on Linux 4.11' },
  'mlx5-2017.touch':    { value: PROCESSORS['i7-6700K'].firstTouchNanoseconds, unit: 'ns', found: 'mean of 23.6 ns by profile of a generic drop and 32.4 ns by the rates of drops' },
  'frameCache.frames':  { value: 3390,  unit: 'frames',    found: 'least squares of the logarithms over seven transmit rows with 512 and 1024 descriptors, with frameCache.miss' },
  'frameCache.miss':    { value: 107,   unit: 'ns',        found: 'as frameCache.frames' },
  'stmmac.receive':     { value: 1459,  unit: 'ns',        found: 'mean of drop, transmit, redirect and enqueueing, which take the same' },
}
