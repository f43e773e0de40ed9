import { composer } from '../compose.ts'
import type { Word } from '../field.ts'
import { NO_OPERAND, type Operand } from '../operand.ts'
import { refuse } from '../operand-pair.ts'
import { CMD_MODES, CMD_SWAPS, type CmdMode, type CmdSwap, MEM_COMMANDS, type MemCommand } from '../operations.ts'
import { placeRestricted } from '../restricted.ts'

const CMD = composer('cmd')

/** A command to a memory. */
export interface MemoryCommand {
  readonly command: MemCommand
  readonly mode: CmdMode
  /** First transfer register. */
  readonly xfer: number
  /** Operand A and B of the address. */
  readonly left: Operand
  readonly right: Operand
  /** The stored count: one less than the units that are moved. */
  readonly count: number
  readonly swap: CmdSwap
  /** The previous ALU result overrides length, data or others. */
  readonly indirect?: boolean
  /** The signal that the command gives; without one, 1 where it swaps and none where it does not. */
  readonly signal?: number
}

/**
 * mem[command, $xfer, address A, address B, count]
 *
 * ```
 *   44-42  41      40        38-32     31-28   27-25   24-20  19-18   17-10  9-8    7-0
 * | mode | indir | xfer hi | tgt cmd | signal | count | xfer | token |  B   | swap | A |
 * ```
 * @throws MicrocodeError MICROCODE_OPERAND (sources that would have to be exchanged; index registers 2 and 3), MICROCODE_FIELD
 * @see nfp_asm.h OP_CMD_*, cmd_tgt_act
 */
export function cmd(fields: MemoryCommand): Word {
  const { a, b, swap, srcLmExtn } = placeRestricted(NO_OPERAND, fields.left, fields.right)
  if (swap) refuse('a command cannot exchange its sources', fields.left)
  if (srcLmExtn) refuse('a command only reaches index registers 0 and 1', fields.left)
  const { tgtCmd, token } = MEM_COMMANDS[fields.command]
  return (
    CMD.base +
    CMD.a(a) +
    CMD.ctx(CMD_SWAPS[fields.swap]) +
    CMD.b(b) +
    CMD.token(token) +
    CMD.xfer(fields.xfer & 0x1f) +
    CMD.count(fields.count) +
    CMD.signal(fields.signal ?? fields.swap !== 'no-swap') +
    CMD.tgtCmd(tgtCmd) +
    CMD.xferHi(fields.xfer >>> 5) +
    CMD.indirect(fields.indirect ?? false) +
    CMD.mode(CMD_MODES[fields.mode])
  )
}
