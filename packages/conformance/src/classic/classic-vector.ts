import { ancillaryOf, CbpfError, type ClassicInsn, lookupClassic, SK_BUFF_CONTEXT, toEbpf } from '@bpfoundry/cbpf'
import type { Insn } from '@bpfoundry/isa'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { Answer } from '../report/answer.ts'
import type { Vector } from '../vector/vector.ts'
import { askVector, type VectorKernel } from '../verified/vector-kernel.ts'
import { linearData } from './case-buffer.ts'
import type { ClassicCase, ClassicRun } from './classic-case.ts'

const ETHERNET_BYTES = 14

/**
 * Asks a kernel by bpf(2), which takes no classic programs: translated, as a socket filter, which BPF_PROG_TEST_RUN gives
 * what follows the frame's Ethernet header; or as a classifier, which is given the whole frame, where offsets are
 * relative to headers. What such runs can't have (fragments, the test's metadata, no data at all) is an error.
 */
export function askClassicOf(kernel: VectorKernel, classic: ClassicCase): Answer {
  const vector = vectorOrObstacle(classic)
  if (typeof vector !== 'string') return askVector(kernel, vector)
  return { id: classic.id, engine: kernel.name, error: `can't be asked: ${vector}` }
}

/** A classic case as a vector: translated; undefined where a test run can't have what it needs. */
export function classicVector(classic: ClassicCase): Vector | undefined {
  const vector = vectorOrObstacle(classic)
  return typeof vector === 'string' ? undefined : vector
}

function vectorOrObstacle(classic: ClassicCase): Vector | string {
  const obstacle = obstacleOf(classic)
  if (obstacle !== undefined) return obstacle
  try {
    return vectorOf(classic, toEbpf(classic.insns, SK_BUFF_CONTEXT).insns)
  } catch (error) {
    if (error instanceof CbpfError) return error.message
    throw error
  }
}

function obstacleOf(classic: ClassicCase): string | undefined {
  const { insns, fragment, refusedWith, runs } = classic
  if (refusedWith !== undefined) return 'bpf(2) takes no classic programs, so that it refuses none'
  if (fragment !== undefined) return 'a test run has no fragments'
  const ancillary = insns.map(ancillaryName).find((name) => name !== undefined)
  if (ancillary !== undefined) return `a test run has ${ancillary} of its own`
  if (!looksAtPacket(insns)) return undefined
  const least = relativeToHeaders(insns) ? ETHERNET_BYTES : 1
  return runs.every(({ dataBytes }) => dataBytes >= least) ? undefined : 'a test run has more data'
}

function ancillaryName({ code, k }: ClassicInsn): string | undefined {
  const name = lookupClassic(code)?.operand === 'packet' ? ancillaryOf(k)?.name : undefined
  return name === 'alu_xor_x' ? undefined : name
}

function looksAtPacket(insns: readonly ClassicInsn[]): boolean {
  return insns.some(({ code }) => /^(packet|packet_x|header|length)$/.test(lookupClassic(code)?.operand ?? ''))
}

/** Loads at negative offsets, which X may come from a constant. */
function relativeToHeaders(insns: readonly ClassicInsn[]): boolean {
  const indirect = insns.some(({ code }) => lookupClassic(code)?.operand === 'packet_x')
  return insns.some(({ code, k }) => {
    const row = lookupClassic(code)
    const offset = row !== undefined && (row.bytes > 0 || (indirect && row.operand === 'bits'))
    return offset && (k | 0) < 0
  })
}

function vectorOf(classic: ClassicCase, insns: readonly Insn[]): Vector {
  const classifier = relativeToHeaders(classic.insns)
  return {
    id: classic.id,
    type: classifier ? PROG_TYPE.SCHED_CLS : PROG_TYPE.SOCKET_FILTER,
    expectedAttachType: 0,
    insns,
    license: 'GPL',
    flags: 0,
    logLevel: 0,
    logTail: 0,
    mapRefs: [],
    maps: [],
    progs: [],
    runs: classic.runs.map((run) => ({ dataIn: frameOf(classic, run, classifier), repeat: 1, flags: 0 })),
    listsRuns: false,
  }
}

function frameOf(classic: ClassicCase, run: ClassicRun, whole: boolean): Uint8Array {
  const packet = linearData(classic, run)
  if (whole) return packet
  // A test run has at least one byte behind the header.
  const frame = new Uint8Array(ETHERNET_BYTES + Math.max(1, packet.length))
  frame.set(packet, ETHERNET_BYTES)
  return frame
}
