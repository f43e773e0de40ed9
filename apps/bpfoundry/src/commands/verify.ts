import { type Command, Option } from 'commander'
import { implementation } from '../command-bundle.ts'
import type { CommandContext } from '../command-io.ts'
import { wholeNumber } from '../options/arguments.ts'
import { cardOption, firmwareOption } from '../options/card-option.ts'
import { ALL_RELEASES, RELEASES } from '../options/choices.ts'
import { columnList, sortList } from '../options/column-lists.ts'
import { kernelBtfOption } from '../options/kernel-btf-option.ts'
import type { VerifyOptions } from '../verdicts/verify-command.ts'

/** `bpfoundry verify OBJECT...`: what the verifier says of every program. */
export function addVerifyCommand(program: Command, { io, finish }: CommandContext): void {
  program
    .command('verify')
    .argument('[object...]', 'BPF object files')
    .description('verify every program of the objects: a line a program with verdict, instructions, states and time')
    .option('--program <name>', 'only this program')
    .option('--log-level <n>', 'print the log: 1 failing path, 2 everything explored, 4 statistics', wholeNumber(0, 7))
    .addOption(
      new Option(
        '--profile <release>',
        'Linux release to judge for; all: from which one on each program loads',
      ).choices([ALL_RELEASES, ...RELEASES]),
    )
    .addOption(kernelBtfOption())
    .option('--explain', 'tell of each refusal the line, the path there, what the registers held, and what mends it')
    .option('--sarif <file>', 'write the refusals as SARIF 2.1.0, for code hosts and editors')
    .option('--hot [n]', 'tell the n lines (default: 10) that took most instructions', wholeNumber(1, 100_000))
    .option('--stats', 'figures of each program, as veristat has them')
    .option('--csv', 'the same as CSV')
    .option('--emit <columns>', 'figures to tell, with commas between: insns,states,...', columnList)
    .option('--sort <columns>', 'order by these, the most first; with ^ behind a name the least', sortList)
    .option('--compare <file>', 'beside what --csv, or veristat, wrote before; exit with 1 where a verdict differs')
    .option('--max-insns <n>', 'exit with 1 when a program takes more explored instructions', wholeNumber(1, 1_000_000))
    .addOption(cardOption('judge for a card that runs the program itself, and name all that keeps it from there'))
    .addOption(firmwareOption())
    .option('--mtu <bytes>', 'with --nic: MTU of the port (default: 1500)', wholeNumber(68, 65535))
    .option('--json', 'verdicts as JSON (schema bpfoundry.verify/1, with --profile all bpfoundry.verify-releases/1)')
    .option('--kernel-tree <dir>', 'instead of objects: compile and judge the test programs of a Linux source tree')
    .option('--filter <text>', 'with --kernel-tree: only files whose path contains this')
    .addOption(
      new Option(
        '--oracle <oracle>',
        'with --kernel-tree: ask the running kernel, too, and judge by its release',
      ).choices(['kernel']),
    )
    .option('--compiler <path>', 'with --kernel-tree: a clang')
    .option('--vmlinux-h <file>', "with --kernel-tree: the kernel's types for clang")
    .action(async (objects: string[], options: VerifyOptions) => {
      const { kernelTree } = options
      if (kernelTree === undefined) {
        const { verify } = await implementation('verify', () => import('../verdicts/verify-command.ts'))
        finish(await verify(objects, options, io))
      } else {
        const { verifyTreeCommand } = await import('../tree-verdicts/verify-tree-command.ts')
        finish(await verifyTreeCommand(kernelTree, objects, options, io))
      }
    })
}
