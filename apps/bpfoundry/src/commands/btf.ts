import type { Command } from 'commander'
import { implementation } from '../command-bundle.ts'
import type { CommandContext } from '../command-io.ts'
import type { BtfDumpOptions } from '../types/btf-command.ts'

const WORDS = 'as bpftool takes them: file FILE [map NAME [key|value|kv|all]] [format raw|c [unsorted]] [root_id ID]...'

/** `bpfoundry btf ...`: type information. */
export function addBtfCommand(program: Command, { io, finish }: CommandContext): void {
  program
    .command('btf')
    .description('type information of objects and kernels')
    .command('dump')
    .description(
      'the types of a file: BTF as it is (/sys/kernel/btf/vmlinux), or the .BTF of an ELF file; as C, a header',
    )
    .argument('<words...>', WORDS)
    .option('-B, --base-btf <file>', "of a module's types: those of its kernel")
    .option('--pretty', 'JSON with a member a line, as bpftool prints it with -p')
    .option('--json', 'as bpftool prints it with -j')
    .action(async (words: string[], options: BtfDumpOptions) => {
      const { dumpTypes } = await implementation('btf', () => import('../types/btf-command.ts'))
      finish(dumpTypes(words, options, io))
    })
}
