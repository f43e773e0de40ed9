/** Commands to memories and other units. */
import { fieldsOf } from '../compose.ts'
import type { Word } from '../field.ts'
import { COMMAND_TARGETS, type CommandTarget } from './command-names.ts'
import { bankOf, Line } from './line.ts'

type CmdFields = ReturnType<typeof fieldsOf<'cmd'>>

/** Address modes that read (B, A) instead of (A, B). */
const REVERSED: ReadonlySet<number> = new Set([1, 3])
/** Modes of commands that let a third party have the data; the bit for indirect references is part of its number. */
const THIRD_PARTY: ReadonlySet<number> = new Set([2, 3])
const IMMEDIATE_MODE = 6
const NO_SWAP = 3

/** Operands of a command, by address mode. */
const OPERANDS: readonly ((line: Line, fields: CmdFields) => void)[] = [
  (line, fields) => address(line.put(`$xfer_${xferOf(fields)}, `), fields, ', <<8, '),
  (line, fields) => address(line.put(`$xfer_${xferOf(fields)}, `), fields, ', <<8, '),
  (line, fields) => address(line.put(`0x${thirdParty(fields)}, `), fields, ', <<8, '),
  (line, fields) => address(line.put(`0x${thirdParty(fields)}, `), fields, ', <<8, '),
  (line, fields) => address(line.put(`$xfer_${xferOf(fields)}, `), fields, ', '),
  (line, fields) => line.put(`$xfer_${xferOf(fields)}, 0x${joined(fields).toString(16)}, ${fields.count + 1}`),
  (line, fields) => line.put(`0x${joined(fields).toString(16)}, 0x${immediateData(fields).toString(16)}`),
  (line, fields) => line.put(`0x${(xferOf(fields) * 0x10000 + joined(fields)).toString(16)}, --, ${fields.count + 1}`),
]

const xferOf = (fields: CmdFields): number => fields.xferHi * 32 + fields.xfer
const thirdParty = (fields: CmdFields): string => (fields.indirect * 64 + xferOf(fields)).toString(16)
const joined = (fields: CmdFields): number => fields.b * 256 + fields.a
const immediateData = (fields: CmdFields): number =>
  fields.signal * 1024 + fields.count * 128 + fields.xfer * 4 + fields.token

function address(line: Line, fields: CmdFields, between: string): void {
  const reversed = REVERSED.has(fields.mode)
  const [first, second] = reversed ? [fields.b, fields.a] : [fields.a, fields.b]
  line.source8(first, bankOf(Number(reversed))).put(between)
  line.source8(second, bankOf(Number(!reversed))).put(`, ${fields.count + 1}`)
}

/** Text of a `cmd` word. */
export function cmdText(word: Word, contexts: 4 | 8): string {
  const fields = fieldsOf('cmd', word)
  const immediate = fields.mode === IMMEDIATE_MODE
  const token = immediate ? 0 : fields.token
  const line = new Line({ contexts })
  const target = COMMAND_TARGETS.find(({ base, span }) => fields.tgtCmd >= base && fields.tgtCmd < base + span)
  if (target === undefined) {
    const action = fields.tgtCmd & (fields.tgtCmd < 0x20 ? 3 : 0x1f)
    return line.put(`<invalid cmd target -1:${action}:${token}>[]`).invalid().end()
  }
  const name = commandName(target, fields, token)
  line.put(`${target.name}[`)
  if (name === undefined) {
    const action = fields.tgtCmd - target.base
    return line.put(`<invalid cmd action ${target.number}:${action}:${token}>[]`).invalid().end()
  }
  line.put(`${name}, `)
  OPERANDS[fields.mode]?.(line, fields)
  return line.put(`]${options(fields, immediate ? 0 : fields.signal)}`).end()
}

function commandName(target: CommandTarget, fields: CmdFields, token: number): string | undefined {
  const names = target.actions[fields.tgtCmd - target.base]?.[token]?.split('|') ?? []
  const name = names[Math.floor((fields.count * names.length) / 8)]
  return name === '-' ? undefined : name
}

function options(fields: CmdFields, signal: number): string {
  const indirect = fields.indirect === 1 && !THIRD_PARTY.has(fields.mode) ? ', indirect_ref' : ''
  if (fields.ctx === NO_SWAP) return `${indirect}${signal === 0 ? '' : `, sig_done[sig${signal}]`}`
  const defer = fields.ctx === 0 ? '' : `, defer[${fields.ctx}]`
  return `${indirect}, ctx_swap[${signal === 0 ? '--' : `sig${signal}`}]${defer}`
}
