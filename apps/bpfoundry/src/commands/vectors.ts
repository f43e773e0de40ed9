import { type Command, Option } from 'commander'
import type { CommandContext } from '../command-io.ts'
import { enginesOption } from '../options/engine-option.ts'
import type { VectorsOptions } from '../vectors/vectors-command.ts'

/** `bpfoundry vectors run PATH`: conformance cases on engines. */
export function addVectorsCommand(program: Command, { io, finish }: CommandContext): void {
  program
    .command('vectors')
    .description('run conformance vectors')
    .command('run')
    .argument('<path>', 'FILE.jsonl[.gz], FILE.data, or a folder of them')
    .description('put conformance cases to engines: a table of engines, and what failed or differed')
    .addOption(enginesOption('all'))
    .addOption(new Option('--oracle <oracle>', "hold answers against the running kernel's, too").choices(['kernel']))
    .option('--jsonl', 'a line of JSON for each case and engine')
    .option('--json', 'the table and the failures as JSON (schema bpfoundry.vectors/1)')
    .action(async (path: string, options: VectorsOptions) => {
      const { runVectors } = await import('../vectors/vectors-command.ts')
      finish(await runVectors(path, options, io))
    })
}
