/**
 * What memories do at a command: which way data moves, in which unit and byte order.
 *
 * Card memory is big-endian: a plain `read32` puts the byte at the lowest address on top of a transfer register. `_swap` turns
 * the bytes of each word around, so that the register holds the little-endian word. Words of atomics are big-endian in
 * memory; a 64-bit sum has its low word first.
 *
 * @see nfp driver, jit.c: data_ld, data_ld_host_order, data_stx_host_order, mem_xadd
 */
import { MEM_COMMANDS, type MemCommand } from '@bpfoundry/microcode'

/** Which way data moves. */
export type MemoryDirection = 'read' | 'write' | 'add' | 'add-immediate'

/** Commands that are carried out; those with `_le` are only encoded. */
export type SupportedCommand = Exclude<MemCommand, `${string}_le`>

/** A row of the table. */
export interface MemoryOperation {
  readonly name: SupportedCommand
  readonly direction: MemoryDirection
  /** Bytes of a unit of the command's count. */
  readonly unitBytes: 1 | 4 | 8
  /** Whether transfer registers hold little-endian words. */
  readonly littleEndian: boolean
}

const row = (
  name: SupportedCommand,
  direction: MemoryDirection,
  unitBytes: 1 | 4 | 8,
  littleEndian: boolean,
): MemoryOperation => ({ name, direction, unitBytes, littleEndian })

// biome-ignore format: one operation a line
/** Every operation that programs of the driver and firmware routines use. */
export const MEMORY_OPERATIONS: Readonly<Record<SupportedCommand, MemoryOperation>> = {
  read:         row('read',         'read',          8, false),
  read_swap:    row('read_swap',    'read',          8, true),
  write:        row('write',        'write',         8, false),
  write_swap:   row('write_swap',   'write',         8, true),
  write8:       row('write8',       'write',         1, false),
  write8_swap:  row('write8_swap',  'write',         1, true),
  read8:        row('read8',        'read',          1, false),
  add:          row('add',          'add',           4, false),
  add_imm:      row('add_imm',      'add-immediate', 4, false),
  read32:       row('read32',       'read',          4, false),
  read32_swap:  row('read32_swap',  'read',          4, true),
  write32:      row('write32',      'write',         4, false),
  write32_swap: row('write32_swap', 'write',         4, true),
}

const BY_CODE = new Map(
  Object.values(MEMORY_OPERATIONS).map((operation) => {
    const { tgtCmd, token } = MEM_COMMANDS[operation.name]
    return [tgtCmd * 4 + token, operation]
  }),
)

/** The operation of a command word's target and token fields; `undefined` for all others. */
export const memoryOperation = (tgtCmd: number, token: number): MemoryOperation | undefined =>
  BY_CODE.get(tgtCmd * 4 + token)
