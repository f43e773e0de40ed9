import { ERRNO, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { setBranchTargets } from './branch-targets.ts'
import { Emission } from './emit/emission.ts'
import { PACKET_LENGTH, VECTOR_LENGTH } from './emit/registers.ts'
import { JitNfpError } from './jit-nfp-error.ts'
import { enterFunction, popRegisters, pushRegisters, wholeWords } from './lower/calls.ts'
import { LOWERINGS } from './lower/dispatch.ts'
import type { Lowering } from './lower/lowering.ts'
import { immediateEnd, immediateStart } from './lower/moves.ts'
import type { NfpEntryPoints, NfpProgram, NfpRefusal, NfpResult } from './nfp-program.ts'
import { optimise } from './optimise/optimise.ts'
import { classifierOutro, type WaysOut, xdpOutro } from './outro/result-word.ts'
import { type NfpFunction, splitFunctions, stackUsage } from './program/functions.ts'
import { type InsnRecord, isSkipped } from './program/insn-record.ts'
import { prepare } from './program/prepare.ts'

/** A core fetches so many words ahead: behind the last one they must not be anything. */
const PREFETCH_WORDS = 8
/** Bits of the packet vector's first word that are the length. */
const LENGTH_BITS = 0x3fff

const OUTROS: ReadonlyMap<number, (emit: Emission) => WaysOut> = new Map([
  [PROG_TYPE.XDP, xdpOutro],
  [PROG_TYPE.SCHED_CLS, classifierOutro],
])

/**
 * Translates a verified BPF program to microengine words, the same words that the nfp driver of Linux 6.12 makes.
 *
 * @returns the words as for address 0 and what is left to relocate, or why the driver does not translate the program
 * @throws JitNfpError at what is no verified program: JIT_NFP_TYPE, JIT_NFP_JUMP, JIT_NFP_FUNCTIONS, JIT_NFP_LD_IMM64
 * @see nfp_bpf_jit in drivers/net/ethernet/netronome/nfp/bpf/jit.c; nfp.md, sections 1.1 to 1.3
 */
export function translateNfp(program: NfpProgram): NfpResult {
  const outro = OUTROS.get(program.type)
  if (outro === undefined) {
    throw new JitNfpError({
      code: 'JIT_NFP_TYPE',
      message: 'cards take XDP programs and classifiers only',
      got: program.type,
      expected: `${PROG_TYPE.XDP} or ${PROG_TYPE.SCHED_CLS}`,
    })
  }
  const records = prepare(program)
  const functions = splitFunctions(records, program.stackDepths)
  const stackBytes = stackUsage(records, functions)
  optimise(records)

  const emit = new Emission(program.target.maxWords)
  const done = translateRecords({ emit, program, functions, frameDepth: 0 }, records)
  if (emit.errno !== 0) return { refusal: refusal(emit, done, records) }
  const end = emit.here
  const entryPoints = finish(emit, outro, functions)
  if (emit.errno === 0) setBranchTargets(emit, records, end)
  if (emit.errno !== 0) return { refusal: refusal(emit, records.length) }
  const insnStarts = records.map(({ start }) => start)
  const relocations = [...emit.relocations.values()]
  return { translation: { words: emit.words, relocations, insnStarts, entryPoints, stackBytes } }
}

/** @returns how many were translated */
function translateRecords(to: Lowering, records: readonly InsnRecord[]): number {
  const { emit, functions } = to
  to.frameDepth = wholeWords(functions[0]?.stackBytes ?? 0)
  intro(emit)
  if (emit.errno !== 0) return 0
  for (const [pc, record] of records.entries()) {
    record.start = emit.here
    if (record.startsFunction) enterFunction(to, record.functionIndex)
    if (emit.errno === 0 && !isSkipped(record)) translateRecord(to, record, records[pc - 1])
    if (emit.errno !== 0) return pc
  }
  return records.length
}

function translateRecord(to: Lowering, record: InsnRecord, before: InsnRecord | undefined): void {
  const isSecondHalf = before !== undefined && LOWERINGS.get(before.opcode) === immediateStart && !isSkipped(before)
  if (isSecondHalf) {
    immediateEnd(to, before, record)
    return
  }
  const lower = LOWERINGS.get(record.opcode)
  if (lower === undefined) to.emit.refuse(ERRNO.ENOENT)
  else lower(to, record)
}

/** The packet's length, as programs look at it. */
function intro(emit: Emission): void {
  emit.load(PACKET_LENGTH, LENGTH_BITS)
  emit.alu(PACKET_LENGTH, PACKET_LENGTH, 'AND', VECTOR_LENGTH)
}

function finish(emit: Emission, outro: (emit: Emission) => WaysOut, functions: readonly NfpFunction[]): NfpEntryPoints {
  const entries = subroutines(emit, outro(emit), functions)
  if (emit.errno === 0) emit.nops(PREFETCH_WORDS)
  return entries
}

/** What saves and restores R6..R9, where a called function needs it. */
function subroutines(emit: Emission, ways: WaysOut, functions: readonly NfpFunction[]): NfpEntryPoints {
  if (!functions.some(({ savesRegisters }, index) => index > 0 && savesRegisters)) return ways
  const pushAt = emit.here
  pushRegisters(emit)
  const popAt = emit.here
  popRegisters(emit)
  return { ...ways, pushRegisters: pushAt, popRegisters: popAt }
}

/** The driver answers BPF_PROG_LOAD with EINVAL, whatever it was, and tells the kernel's log. */
function refusal(emit: Emission, translated: number, records?: readonly InsnRecord[]): NfpRefusal {
  const message = `Translation failed with error -${emit.errno} (translated: ${translated})`
  const plain = { errno: ERRNO.EINVAL, message, log: [...emit.log, message] }
  return records?.[translated] === undefined ? plain : { ...plain, pc: translated }
}
