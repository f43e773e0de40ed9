import { encodeClassic } from '@bpfoundry/cbpf'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { bareVector } from '../bare/bare-vector.ts'
import type { ConformanceCase } from '../case-source.ts'
import type { ClassicCase } from '../classic/classic-case.ts'
import { classicVector } from '../classic/classic-vector.ts'
import type { DataCase } from '../data-file/data-file.ts'
import type { InternalCase } from '../unverified/internal-case.ts'
import { createVector, type Vector } from './vector.ts'
import { type VectorRecord, vectorRecord } from './write-vector.ts'

/** The least packet that BPF_PROG_TEST_RUN takes everywhere. */
const LEAST_PACKET_BYTES = 64

/**
 * A case as a line of the JSON Lines format says it; undefined where it says something that bpf(2) can't be asked.
 *
 * Bare cases become XDP programs that hand over memory in the packet; internal ones socket filters, or where they need
 * plain memory, the same; classic ones their translation, with the program itself in the field `classic` (hex of the
 * struct sock_filter array), which readers leave alone. Tail-call cases are none, nor are programs that the classic
 * checker must refuse.
 */
export function exportCase(one: ConformanceCase): VectorRecord | undefined {
  const vector = vectorOf(one)
  if (vector === undefined) return undefined
  const record = vectorRecord(vector)
  return one.kind === 'classic' ? { ...record, classic: hex(encodeClassic(one.classic.insns)) } : record
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

function vectorOf(one: ConformanceCase): Vector | undefined {
  switch (one.kind) {
    case 'vector':
      return one.vector
    case 'bare':
      return ofBare(one.bare)
    case 'internal':
      return ofInternal(one.internal)
    case 'classic':
      return ofClassic(one.classic)
    case 'tail-call':
      return undefined
  }
}

function ofBare(bare: DataCase): Vector {
  const { expect } = bare
  if ('error' in expect) return { ...bareVector(bare), expect: { load_ok: false } }
  return { ...bareVector(bare), expect: { load_ok: true, retval: Number(BigInt.asUintN(32, expect.result)) } }
}

/** The length of plain memory is in the program that hands it over: several runs would be several programs. */
function ofInternal({ id, insns, context, runs }: InternalCase): Vector | undefined {
  const [first] = runs
  if (context === 'memory') {
    if (first === undefined || runs.length > 1) return undefined
    const memory = new Uint8Array(first.dataBytes)
    return { ...bareVector({ id, insns, memory, expect: { error: '' } }), expect: { retval: first.result } }
  }
  const packets = runs.map(({ dataBytes }) => new Uint8Array(Math.max(LEAST_PACKET_BYTES, dataBytes)))
  return createVector({
    id,
    type: PROG_TYPE.SOCKET_FILTER,
    insns,
    runs: packets.map((dataIn) => ({ dataIn, repeat: 0, flags: 0 })),
    listsRuns: runs.length > 1,
    expect: { retval: runs.map(({ result }) => result) },
  })
}

function ofClassic(classic: ClassicCase): Vector | undefined {
  const vector = classicVector(classic)
  if (vector === undefined) return undefined
  const retval = classic.runs.map(({ result }) => result)
  return { ...vector, listsRuns: vector.runs.length > 1, expect: { load_ok: true, retval } }
}
