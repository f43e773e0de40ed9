import { ConformanceError } from '../src/conformance-error.ts'
import { Baseline } from '../src/report/baseline/baseline.ts'

export const name = 'baseline'

/** Reads a baseline: one error, or a list that is the same once it is written and read again. */
export function fuzzOnce(input: Uint8Array): void {
  let baseline: Baseline
  try {
    baseline = Baseline.read('fuzz', new TextDecoder().decode(input))
  } catch (error) {
    if (!(error instanceof ConformanceError) || error.code !== 'CONFORMANCE_BASELINE') throw error
    return
  }
  const text = baseline.toText()
  if (Baseline.read('fuzz', text).toText() !== text) throw new Error('another baseline after writing')
}

const document = (passing: object): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify({ $schema: 'bpfoundry.baseline/1', release: '6.12', engines: ['wasm'], passing }),
  )

export const seeds = (): Uint8Array[] => [
  document({ 'verifier/and.c': '0-3 7', 'verifier/and.c@unpriv': '1', 'progs/a.c': 'one two %#x' }),
  document({}),
  new TextEncoder().encode('{'),
]
