import type { Command } from 'commander'
import type { CommandContext } from '../command-io.ts'

export function addBenchCommand(_program: Command, _context: CommandContext): void {}
