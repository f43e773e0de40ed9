import { type Command, Option } from 'commander'
import type { AsmOptions } from '../assembly/asm-command.ts'
import { implementation } from '../command-bundle.ts'
import type { CommandContext } from '../command-io.ts'
import { definitions } from '../options/arguments.ts'
import { ASM_FORMATS, EBPF_SYNTAXES } from '../options/choices.ts'

/** `bpfoundry asm [FILE|-]`: assembly of classic BPF, or of eBPF. */
export function addAsmCommand(program: Command, { io, finish }: CommandContext): void {
  program
    .command('asm')
    .argument('[file]', 'assembly; - is stdin', '-')
    .description('assemble classic BPF as bpf_asm does, or eBPF')
    .option('-c', 'as C: --format c')
    .addOption(
      new Option('-f, --format <format>', 'what is printed (default: asm, of eBPF hex)').choices([...ASM_FORMATS]),
    )
    .option('-D <name=value>', 'a name that stands for a number; as often as wanted', definitions, [])
    .option('--ebpf', 'assemble eBPF')
    .addOption(
      new Option('--syntax <syntax>', "eBPF as LLVM writes it, or the verifier's log")
        .choices(EBPF_SYNTAXES)
        .default('llvm'),
    )
    .option('--check', 'refuse what the kernel would: exit code 1')
    .option('--big-endian', 'bytes for a big-endian machine, in hex and --write')
    .option('--write <file>', 'write the bytes to a file, and print nothing')
    .option('--json', 'as JSON (schema bpfoundry.asm/1)')
    .action(async (file: string, options: AsmOptions) => {
      const { assemble } = await implementation('asm', () => import('../assembly/asm-command.ts'))
      finish(await assemble(file, options, io))
    })
}
