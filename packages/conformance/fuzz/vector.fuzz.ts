import assert from 'node:assert/strict'
import { ConformanceError, readVector, type Vector, vectorRecord } from '../src/index.ts'

export const name = 'vector'

const read = (text: string): Vector => readVector({ file: 'fuzz.jsonl', line: 1, text })

/** Reads a line: a vector, which reads back as it was when it is written, or one error with its place. */
export function fuzzOnce(input: Uint8Array): void {
  try {
    const written = JSON.stringify(vectorRecord(read(new TextDecoder().decode(input))))
    assert.equal(JSON.stringify(vectorRecord(read(written))), written)
  } catch (error) {
    if (!(error instanceof ConformanceError) || error.where?.source?.line !== 1) throw error
  }
}

const program = { insns: 'b7000000020000009500000000000000' }

const lines: readonly object[] = [
  {
    ...program,
    id: 1,
    prog_type: 'xdp',
    maps: [{ type: 'hash', key_size: 4, value_size: 4, max_entries: 1, fill: [['00000000', '00000000']] }],
    map_refs: [[0, 0]],
    progs: [{ insns: '9500000000000000' }],
    runs: [{ data_in: '00', repeat: 2 }],
    expect: { retval: 2 },
  },
  {
    ...program,
    id: ['a', null],
    prog_type: 26,
    expected_attach_type: 24,
    attach_btf: 'bpf_fentry_test1',
    kfuncs: [[0, 'bpf_rcu_read_lock']],
    type_ids: [[0, 5, 'bpf_attr']],
    modules: [
      {
        name: 'm',
        btf: '00',
        kfuncs: [{ prog_types: ['xdp', 3], functions: { f: ['acquire'] } }],
        may_fail: ['g'],
        dtors: [],
      },
    ],
    btf: '9feb0100',
    func_info: [[0, 1]],
    line_info: [[0, 1, 2, 3]],
    perfmon: false,
    maps: [{ type: 2, btf: '00', btf_key: 1, btf_value: 2, freeze: true, map_extra: 5 }],
    dump: ['xlated', 'maps'],
    ctx_in: '00',
    ctx_out_size: 4,
    data_out_size: 4,
    expect: { log: ['a{{[0-9]+}}', 'b'], retval: [1, null], xlated_insns: [['b7??????????????']], log_lacks: 'c' },
  },
]

export const seeds = (): Uint8Array[] => lines.map((line) => new TextEncoder().encode(JSON.stringify(line)))
