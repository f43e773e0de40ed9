import { ConformanceError, readVector } from '../src/index.ts'

export const name = 'vector'

/** Reads a line: a vector, or one error with its place. */
export function fuzzOnce(input: Uint8Array): void {
  try {
    readVector({ file: 'fuzz.jsonl', line: 1, text: new TextDecoder().decode(input) })
  } catch (error) {
    if (!(error instanceof ConformanceError) || error.where?.source?.line !== 1) throw error
  }
}

const seed = {
  id: 1,
  prog_type: 'xdp',
  insns: 'b7000000020000009500000000000000',
  maps: [{ type: 'hash', key_size: 4, value_size: 4, max_entries: 1, fill: [['00000000', '00000000']] }],
  map_refs: [[0, 0]],
  progs: [{ insns: '9500000000000000' }],
  runs: [{ data_in: '00', repeat: 2 }],
  expect: { retval: 2 },
}

export const seeds = (): Uint8Array[] => [new TextEncoder().encode(JSON.stringify(seed))]
