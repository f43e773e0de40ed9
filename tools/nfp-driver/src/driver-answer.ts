import { NfpDriverError } from './driver-error.ts'

/** A word of the driver's, with what its top byte says. */
export interface DriverWord {
  /** 45 bits */
  readonly word: number
  /** enum nfp_relo_type */
  readonly relocation: number
}

/** What the driver keeps of an access after its hooks. */
export interface DriverAccess {
  readonly pc: number
  readonly type: number
  readonly offset: number
  readonly knownVariable: bigint
  readonly id: number
  readonly varies: boolean
  readonly callerFrame: boolean
  readonly maybe16Bit: boolean
  readonly over16Bit: boolean
}

/** What it keeps of an ALU instruction. */
export interface DriverRanges {
  readonly pc: number
  readonly sourceMin: bigint
  readonly sourceMax: bigint
  readonly targetMin: bigint
  readonly targetMax: bigint
}

/** What it keeps of a helper call. */
export interface DriverCall {
  readonly pc: number
  /** 0 where no path reached it. */
  readonly helper: number
  readonly firstArgumentType: number
  readonly keyOffset: number
  readonly keyVaries: boolean
}

/** All that the driver said of one program. */
export interface DriverAnswer {
  /** Lines of the kernel log. */
  readonly log: string[]
  /** Lines of the verifier's log. */
  readonly verifierLog: string[]
  readonly accesses: DriverAccess[]
  readonly ranges: DriverRanges[]
  readonly calls: DriverCall[]
  /** Slot of the adjust_head that can't fail; 0 for none seen, 0xffffffff for those that have to check. */
  adjustHeadAt: number
  stackBytes: number
  /** Errno (positive) of a verifier hook. */
  unverified?: number
  /** Errno (positive) of the translator. */
  untranslated?: number
  /** Errno (positive) of the placement. */
  unplaced?: number
  words?: DriverWord[]
  insnStarts?: number[]
  /** Indexes of words: out, abort, push and pop of registers; 0 for none. */
  entries?: number[]
  /** With ECC, as they are put into the control store. */
  loaded?: number[]
}

type Reader = (answer: DriverAnswer, fields: string[]) => void

const numbers = (fields: string[]): number[] => fields.map(Number)

const TOP_BYTE_SHIFT = 56n

function word(text: string): DriverWord {
  const all = BigInt(`0x${text}`)
  return { word: Number(BigInt.asUintN(56, all)), relocation: Number(all >> TOP_BYTE_SHIFT) }
}

const readAccess: Reader = ({ accesses }, fields) => {
  const [pc = 0, type = 0, offset = 0, , id = 0, varies, caller, maybe, over] = numbers(fields)
  const knownVariable = BigInt(fields[3] ?? '0')
  const flags = { varies: varies === 1, callerFrame: caller === 1, maybe16Bit: maybe === 1, over16Bit: over === 1 }
  accesses.push({ pc, type, offset, knownVariable, id, ...flags })
}

const readRanges: Reader = ({ ranges }, fields) => {
  const [pc = 0n, sourceMin = 0n, sourceMax = 0n, targetMin = 0n, targetMax = 0n] = fields.map(BigInt)
  ranges.push({ pc: Number(pc), sourceMin, sourceMax, targetMin, targetMax })
}

const readCall: Reader = ({ calls }, fields) => {
  const [pc = 0, helper = 0, firstArgumentType = 0, keyOffset = 0, varies] = numbers(fields)
  calls.push({ pc, helper, firstArgumentType, keyOffset, keyVaries: varies === 1 })
}

/** One row a line of the answer, by its first word. */
// biome-ignore format: table
const READERS: Readonly<Record<string, Reader>> = {
  log:          ({ log }, fields) => log.push(fields.join(' ')),
  vlog:         ({ verifierLog }, fields) => verifierLog.push(fields.join(' ')),
  adjust:       (answer, fields) => { answer.adjustHeadAt = Number(fields[0]) },
  access:       readAccess,
  ranges:       readRanges,
  call:         readCall,
  stack:        (answer, fields) => { answer.stackBytes = Number(fields[0]) },
  unverified:   (answer, fields) => { answer.unverified = -Number(fields[0]) },
  untranslated: (answer, fields) => { answer.untranslated = -Number(fields[0]) },
  unplaced:     (answer, fields) => { answer.unplaced = -Number(fields[0]) },
  words:        (answer, fields) => { answer.words = fields.map(word) },
  starts:       (answer, fields) => { answer.insnStarts = numbers(fields) },
  entries:      (answer, fields) => { answer.entries = numbers(fields) },
  loaded:       (answer, fields) => { answer.loaded = fields.map((text) => Number(`0x${text}`)) },
}

const newAnswer = (): DriverAnswer => ({
  log: [],
  verifierLog: [],
  accesses: [],
  ranges: [],
  calls: [],
  adjustHeadAt: 0,
  stackBytes: 0,
})

/** The answers that the compiled driver printed, one a case. */
export function parseAnswers(text: string): DriverAnswer[] {
  const answers: DriverAnswer[] = []
  let answer = newAnswer()
  for (const line of text.split('\n')) {
    const [name = '', ...fields] = line.split(' ')
    if (name === 'end') {
      answers.push(answer)
      answer = newAnswer()
    } else if (name !== '') {
      const read = READERS[name]
      if (read === undefined) throw unreadable(line)
      read(answer, fields)
    }
  }
  return answers
}

function unreadable(line: string): NfpDriverError {
  return new NfpDriverError({ code: 'NFP_DRIVER_ANSWER', message: 'the driver printed what is no answer', got: line })
}
