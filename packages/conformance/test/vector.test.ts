import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { assembleLlvm, encodeInsns } from '@bpfoundry/isa'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { engineByName } from '@bpfoundry/testbench'
import { afterAll, describe, expect, test } from 'vitest'
import {
  type Answer,
  askVector,
  createEmulatedKernel,
  differences,
  formatVector,
  judge,
  readCases,
  readVector,
} from '../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-vectors-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const kernel = createEmulatedKernel(engineByName('interpreter'))
const insns = (text: string): string => Buffer.from(encodeInsns(assembleLlvm(text).insns)).toString('hex')
const FRAME = '00'.repeat(64)

function ask(vector: object): Answer {
  const read = readVector({ file: 'cases.jsonl', line: 1, text: JSON.stringify(vector) })
  return judge(askVector(kernel, read), read.expect)
}

const LOOKUP = `
  r1 = 0 ll
  *(u32 *)(r10 - 4) = 1
  r2 = r10
  r2 += -4
  call 1
  if r0 == 0 goto +1
  r0 = *(u32 *)(r0 + 0)
  exit`

test('a program with a filled map is loaded and run', () => {
  const map = { type: 'array', key_size: 4, value_size: 4, max_entries: 2, fill: [['01000000', '2a000000']] }
  const vector = { prog_type: 'xdp', insns: insns(LOOKUP).replace(/^1801/, '1811'), maps: [map], map_refs: [[0, 0]] }
  const answer = ask({ id: [1, 'any'], ...vector, data_in: FRAME, expect: { load_ok: true, retval: 42 } })
  expect(answer).toMatchObject({
    id: [1, 'any'],
    engine: 'interpreter',
    load_ok: true,
    errno: 0,
    retval: 42,
    pass: true,
  })
  expect(answer).toMatchObject({ insn_processed: 9, stack_depth: 8, xlated_len: 72, data_out: FRAME })
  // By index, without map_refs.
  const byIndex = { ...vector, insns: insns(LOOKUP).replace(/^1801/, '1851'), map_refs: undefined }
  expect(ask({ id: 2, ...byIndex, data_in: FRAME })).toMatchObject({ retval: 42 })
})

test('a refusal is an answer with errno and log; what differs from the expectation is named', () => {
  const answer = ask({ id: 1, prog_type: 'xdp', insns: insns('exit'), expect: { load_ok: true, log: 'fine' } })
  expect(answer).toMatchObject({ load_ok: false, errno: 'EACCES', pass: false })
  expect(answer.verifier_log).toContain('R0 !read_ok')
  expect(answer.differs).toEqual(['load_ok: false, expected true', 'log lacks "fine"'])
})

test('several runs are answered in a list', () => {
  const runs = [{ data_in: FRAME }, { data_in: '00' }]
  const answer = ask({ id: 1, prog_type: 'xdp', insns: insns('r0 = 2\nexit'), runs })
  expect(answer.runs).toMatchObject([{ run_errno: 0, retval: 2 }, { run_errno: 'EINVAL' }])
})

test('tail calls go to the programs of the case; everything is closed afterwards', () => {
  const main = 'r2 = 0 ll\nr3 = 0\ncall 12\nr0 = 1\nexit'
  const maps = [{ type: 'prog_array', key_size: 4, value_size: 4, max_entries: 1, fill: [['00000000', { prog: 0 }]] }]
  const progs = [{ prog_type: 'xdp', insns: insns('r0 = 3\nexit') }]
  const vector = { prog_type: 'xdp', insns: insns(main).replace(/^1802/, '1812'), maps, progs, map_refs: [[0, 0]] }
  for (let turn = 0; turn < 3; turn++) expect(ask({ id: turn, ...vector, data_in: FRAME })).toMatchObject({ retval: 3 })
})

test('a map that can not be made, and what is not done here, answer with an error', () => {
  const program = { prog_type: 'xdp', insns: insns('r0 = 1\nexit') }
  expect(
    ask({ id: 1, ...program, maps: [{ type: 'array', key_size: 3, value_size: 4, max_entries: 1 }] }).error,
  ).toMatch(/EINVAL/)
  expect(ask({ id: 2, ...program, attach_btf: 'x' })).toMatchObject({
    error: 'unsupported: attach_btf: the kernel has no x',
    unsupported: ['attach_btf: the kernel has no x'],
    pass: false,
    reasons: [{ kind: 'unsupported', text: 'unsupported: attach_btf: the kernel has no x' }],
  })
  const leak = { prog_type: 'socket_filter', insns: insns('r0 = r10\nexit') }
  expect(ask({ id: 4, ...leak })).toMatchObject({ load_ok: true })
  expect(ask({ id: 5, ...leak, perfmon: false })).toMatchObject({ load_ok: false, errno: 'EACCES' })
  expect(ask({ id: 6, ...leak, unpriv: true })).toMatchObject({ load_ok: false, errno: 'EACCES' })
  expect(ask({ id: 3, ...program, btf: '00' }).error).toMatch(/^BTF load: EINVAL/)
})

// biome-ignore format: table
const WRONG: readonly (readonly [title: string, text: string, code: string, says: RegExp])[] = [
  ['no JSON',              '{"id": 1',                                   'CONFORMANCE_JSON',  /no JSON/],
  ['no object',            '[1]',                                        'CONFORMANCE_FIELD', /JSON object/],
  ['no instructions',      '{"id": 1}',                                  'CONFORMANCE_FIELD', /field insns/],
  ['half an instruction',  '{"insns": "b700"}',                          'CONFORMANCE_FIELD', /field insns/],
  ['no hex',               '{"insns": "xy"}',                            'CONFORMANCE_FIELD', /field insns/],
  ['no such program type', '{"insns": "", "prog_type": "xpd"}',          'CONFORMANCE_FIELD', /field prog_type/],
  ['a prototype\'s name',  '{"insns": "", "prog_type": "constructor"}',  'CONFORMANCE_FIELD', /field prog_type/],
  ['no such map type',     '{"insns": "", "maps": [{"type": "hsah"}]}',  'CONFORMANCE_FIELD', /field maps\[0\].type/],
  ['a negative size',      '{"insns": "", "maps": [{"type": 1, "key_size": -4}]}', 'CONFORMANCE_FIELD', /maps\[0\].key_size/],
  ['a later inner map',    '{"insns": "", "maps": [{"type": 12, "inner": 0}]}', 'CONFORMANCE_FIELD', /maps\[0\].inner/],
  ['a reference to no map', '{"insns": "", "map_refs": [[0, 0]]}',       'CONFORMANCE_FIELD', /field map_refs/],
  ['a wrong expectation',  '{"insns": "", "expect": 3}',                 'CONFORMANCE_FIELD', /field expect/],
]

describe('an error tells line and field', () => {
  test.each(WRONG)('%s', (_, text, code, says) => {
    const read = (): unknown => readVector({ file: 'cases.jsonl', line: 7, text })
    expect(read).toThrow(says)
    expect(() => {
      try {
        read()
      } catch (error) {
        expect(error).toMatchObject({ code, where: { source: { file: 'cases.jsonl', line: 7 } } })
        throw error
      }
    }).toThrow()
  })
})

test('what is written reads back', () => {
  const program = assembleLlvm('r0 = 2\nexit').insns
  const text = formatVector({
    id: 'a',
    type: PROG_TYPE.XDP,
    insns: program,
    dataIn: Uint8Array.of(1, 2),
    expect: { retval: 2 },
  })
  const vector = readVector({ file: 'f', line: 1, text })
  expect(vector).toMatchObject({ id: 'a', type: PROG_TYPE.XDP, insns: program, expect: { retval: 2 } })
  expect(vector.runs).toEqual([{ repeat: 0, flags: 0, dataIn: Uint8Array.of(1, 2) }])
})

test('answers differ in verdict and results, not in times', () => {
  const answer: Answer = { id: 1, engine: 'a', load_ok: true, errno: 0, retval: 1, duration_ns: 5 }
  expect(differences(answer, { ...answer, engine: 'b', duration_ns: 9 })).toEqual([])
  expect(differences(answer, { ...answer, engine: 'b', retval: 2 })).toEqual(['retval: 1, b says 2'])
})

describe('files are read as they are asked for', () => {
  const lines = Array.from({ length: 1000 }, (_, id) => JSON.stringify({ id, insns: insns('r0 = 0\nexit') })).join('\n')

  async function ids(path: string): Promise<number> {
    let count = 0
    for await (const one of readCases(path)) count += one.kind === 'vector' ? 1 : 0
    return count
  }

  test('plain, gzipped, and a folder of both', async () => {
    writeFileSync(join(folder, 'a.jsonl'), `${lines}\n\n`)
    writeFileSync(join(folder, 'b.jsonl.gz'), gzipSync(lines))
    expect(await ids(join(folder, 'a.jsonl'))).toBe(1000)
    expect(await ids(join(folder, 'b.jsonl.gz'))).toBe(1000)
    expect(await ids(folder)).toBe(2000)
  })

  test('a reader that stops early leaves nothing open; damage is one error', async () => {
    for await (const one of readCases(join(folder, 'b.jsonl.gz'))) {
      expect(one.kind).toBe('vector')
      break
    }
    writeFileSync(join(folder, 'damaged.jsonl.gz'), 'no gzip')
    await expect(ids(join(folder, 'damaged.jsonl.gz'))).rejects.toMatchObject({ code: 'CONFORMANCE_UNREADABLE' })
    await expect(ids(join(folder, 'absent.jsonl'))).rejects.toMatchObject({ code: 'CONFORMANCE_NO_SUCH_FILE' })
  })
})
