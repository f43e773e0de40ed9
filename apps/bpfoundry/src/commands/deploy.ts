import { type Command, Option } from 'commander'
import type { CommandContext } from '../command-io.ts'
import type { DeployOptions } from '../deployments/deploy-command.ts'
import { wholeNumber } from '../options/arguments.ts'
import { AUTO_ENGINE, CARD_ENGINE, ENGINES } from '../options/choices.ts'

const EXAMPLES = `
Examples:
  bpfoundry deploy fixtures/deployments/three-modes.yaml --html report.html
  bpfoundry deploy edge.yaml --check
  bpfoundry deploy --schema > deployment.schema.json

Every error of a file is told at once, with line and column. What a file can say: docs/deployments.md.
Exit codes: 0 ok, 1 an expectation failed or a card refused, 2 usage, 3 an error in the file, 4 unsupported, 130 Ctrl-C.`

/** `bpfoundry deploy FILE.yaml`: hosts, cards, links, programs, traffic and faults of a file, run in modelled time. */
export function addDeployCommand(program: Command, { io, finish }: CommandContext): void {
  program
    .command('deploy')
    .argument('[file]', 'deployment, YAML')
    .description('run a deployment of hosts, cards, links, programs, traffic and faults in modelled time, and judge it')
    .option('--check', 'set it up and run nothing: finds all that is wrong in the file')
    .addOption(
      new Option('--engine <engine>', "what runs the programs (default: the file's)").choices([
        ...ENGINES,
        AUTO_ENGINE,
        CARD_ENGINE,
      ]),
    )
    .option('--seed <n>', "another seed than the file's", wholeNumber(0, 0xffffffff))
    .option('--html <file>', 'write one HTML page with plots')
    .option('--junit <file>', 'write JUnit XML, a test case an expectation')
    .option('--schema', 'print the JSON Schema of deployment files, for editors')
    .option('--json', 'report as JSON (schema bpfoundry.deployment/1)')
    .addHelpText('after', EXAMPLES)
    .action(async (path: string | undefined, options: DeployOptions) => {
      const { deploy } = await import('../deployments/deploy-command.ts')
      finish(await deploy(path, options, io))
    })
}
