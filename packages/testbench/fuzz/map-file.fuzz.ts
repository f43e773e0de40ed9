import { isDiagnostic } from '@bpfoundry/diagnostics'
import { Kernel } from '@bpfoundry/kernel'
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import { BenchMap, fillMap } from '../src/index.ts'

export const name = 'map-file'

const kernel = Kernel.create()
const sizes = { keySizeBytes: 4, valueSizeBytes: 8, maxEntries: 64, flags: 0 }
const map = new BenchMap(kernel.createMap({ name: 'fuzzed', type: MAP_TYPE.HASH, ...sizes }), 1)

/** Any text either fills the map or is refused with a located error. */
export function fuzzOnce(input: Uint8Array): void {
  try {
    fillMap(map, new TextDecoder().decode(input), 'fuzz')
  } catch (error) {
    if (!isDiagnostic(error) || error.where?.source === undefined) throw error
  }
}

/** Every form of a line. */
export function seeds(): Uint8Array[] {
  const lines = [
    '# comment',
    '7 1',
    '0x0a 2',
    'hex:0a010203 hex:0100000000000000',
    '{"key": 3, "value": 4}',
    '12,13',
    '[1,2] {"a": 1}',
  ]
  return [new TextEncoder().encode(lines.join('\n')), ...lines.map((line) => new TextEncoder().encode(line))]
}
