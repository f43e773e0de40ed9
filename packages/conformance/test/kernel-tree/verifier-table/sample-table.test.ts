/** The reader on a table of our own: which field becomes what. */
import { join } from 'node:path'
import { encodeInsns } from '@bpfoundry/isa'
import { MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import { type ConformanceCase, KernelTree, type SuiteReading, suiteFiles, type Vector } from '../../../src/index.ts'

const files = suiteFiles(new KernelTree(join(import.meta.dirname, 'sample-tree')), ['verifier'], {})
const [sample, unread] = files.map((file) => file.read()) as [SuiteReading, SuiteReading]

function questionOf(index: number, unprivileged = false): ConformanceCase | { readonly kind: 'not-runnable' } {
  const id = `verifier/sample.c#${index}${unprivileged ? '@unpriv' : ''}`
  const found = sample.cases.find((one) => one.id === id)
  if (found === undefined) throw new Error(`no ${id}`)
  return found.question()
}

function vectorOf(index: number, unprivileged = false): Vector {
  const question = questionOf(index, unprivileged)
  if (question.kind !== 'vector') throw new Error(question.kind)
  return question.vector
}

const hex = (vector: Vector): string => Buffer.from(encodeInsns(vector.insns)).toString('hex')

describe('a table of our own', () => {
  it('has a case a row, and an unprivileged one of socket filters', () => {
    expect(sample.problems.map(String)).toEqual([])
    expect(sample.cases.map(({ id, line }) => `${id.slice('verifier/sample.c'.length)} ${line}`)).toEqual([
      '#0 1',
      '#0@unpriv 1',
      '#1 9',
      '#2 19',
      '#2@unpriv 19',
      '#3 30',
      '#4 43',
      '#5 57',
      '#5@unpriv 57',
      '#6 63',
      '#6@unpriv 63',
      '#7 69',
      '#7@unpriv 69',
    ])
    expect(sample.cases[0]).toMatchObject({ suite: 'verifier', name: 'returns what it is told', privilege: 'full' })
  })

  it('runs are given data, and the result of the privilege', () => {
    const full = vectorOf(0)
    expect(hex(full)).toBe('b7000000070000009500000000000000')
    expect(full).toMatchObject({ type: PROG_TYPE.SOCKET_FILTER, flags: 1 << 7, logLevel: 4, license: 'GPL' })
    const data = Uint8Array.from({ length: 64 }, (_, index) => (index < 3 ? index + 1 : 0))
    expect(full.runs).toEqual([{ dataIn: data, repeat: 1, flags: 0, dataOutBytes: 256 }])
    expect(full.expect).toEqual({ load_ok: true, retval: [7] })
    expect(vectorOf(0, true)).toMatchObject({ privilege: 'unprivileged', expect: { load_ok: true, retval: [8] } })
  })

  it('fix-ups make maps in the runner’s order, messages follow each other', () => {
    const vector = vectorOf(1)
    expect(vector.maps.map(({ type, valueSizeBytes, flags }) => [type, valueSizeBytes, flags])).toEqual([
      [MAP_TYPE.HASH, 8, 1],
      [MAP_TYPE.ARRAY, 48, 0],
    ])
    expect(vector.mapRefs).toEqual([
      { pc: 2, map: 0 },
      { pc: 1, map: 1 },
      { pc: 3, map: 1 },
    ])
    const value = Buffer.from(vector.maps[1]?.fill[0]?.[1] as Uint8Array)
    expect([value.readUInt32LE(0), value.readUInt32LE(28)]).toEqual([28, 0xabcdef12])
    expect(vector).toMatchObject({ type: 3, logTail: 0, expect: { load_ok: false, log: ['first', 'second'] } })
  })

  it('program arrays are filled, flags that are the kernel’s are taken whole, runs may be none', () => {
    const vector = vectorOf(2)
    expect(vector.flags).toBe((1 << 7) | (1 << 3) | (1 << 0) | (1 << 1))
    expect(vector.progs.map((program) => [program.type, program.insns.length, program.mapRefs])).toEqual([
      [PROG_TYPE.SOCKET_FILTER, 2, []],
      [PROG_TYPE.SOCKET_FILTER, 6, [{ pc: 1, map: 0 }]],
      [PROG_TYPE.SOCKET_FILTER, 2, []],
    ])
    expect(vector.maps[0]?.fill.map(([, value]) => value)).toEqual([{ prog: 0 }, { prog: 1 }, { prog: 2 }])
    expect(vector.maps[2]).toMatchObject({ type: MAP_TYPE.ARRAY_OF_MAPS, inner: 1 })
    expect(vector.mapRefs).toEqual([
      { pc: 1, map: 0 },
      { pc: 2, map: 2 },
    ])
    expect([vector.runs, vector.expect]).toEqual([[], { load_ok: true }])
    expect(vectorOf(2, true).expect).toEqual({ load_ok: false, log: ['no'] })
  })

  it('patterns of instructions, a log of everything, several runs', () => {
    const vector = vectorOf(3)
    expect(vector).toMatchObject({ logLevel: 2, expectedAttachType: 37, listsRuns: true })
    expect(vector.expect).toEqual({
      load_ok: true,
      log: ['seen'],
      insn_processed: 2,
      xlated_insns: [['b7010000????????'], ['8510????03000000']],
      xlated_lacks_insns: [['9500000000000000']],
      retval: [1, null, 0],
    })
    expect(Buffer.from(vector.runs[0]?.dataIn as Uint8Array).readBigUInt64LE()).toBe((1n << 63n) | 1n)
  })

  it('types of maps and of functions, kernel functions, what is attached to', () => {
    const vector = vectorOf(4)
    expect(vector).toMatchObject({ attachBtf: 'target', kfuncs: [{ pc: 3, name: 'kernel_function' }] })
    expect(vector.flags).toBe((1 << 7) | (1 << 0))
    const map = vector.maps[0]?.btf
    // Header, types 1 to 3 of the runner's, its strings.
    expect([map?.keyTypeId, map?.valueTypeId, map?.bytes.length]).toEqual([1, 3, 24 + 4 * 13 + 9])
    expect(Buffer.from(map?.bytes ?? []).toString('hex')).toMatch(/^9feb0100180000000000000034000000340000000900000000/)
    expect(vector.btf?.functions).toEqual([
      { pc: 0, typeId: 1 },
      { pc: 2, typeId: 1 },
    ])
    expect(vector.btf?.bytes.length).toBe(24 + 16 + 256)
  })

  it('an empty program is one instruction of zeros, an empty message none', () => {
    expect(hex(vectorOf(5))).toBe('0000000000000000')
    expect(vectorOf(5).expect).toEqual({ load_ok: false })
  })

  it('programs that functions make, those that are known', () => {
    expect(vectorOf(6).insns.length).toBe(259)
    expect(questionOf(7)).toMatchObject({ kind: 'not-runnable', reason: 'unread' })
  })

  it('what can’t be read is a located problem and a case that can’t be run; the rest is read', () => {
    expect(unread.cases.map(({ id, line }) => `${id} ${line}`)).toEqual([
      'verifier/unread.c#0 3',
      'verifier/unread.c#1 5',
      'verifier/unread.c#1@unpriv 5',
    ])
    expect(unread.cases[0]?.question()).toMatchObject({ kind: 'not-runnable', reason: 'unread' })
    expect(unread.problems.length).toBe(1)
    expect(unread.problems[0]).toMatchObject({ code: 'C_NAME', where: { source: { line: 3 } } })
  })
})
