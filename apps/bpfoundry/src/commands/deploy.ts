import {
  checkDeployment,
  type DeploymentFile,
  DeploymentInvalid,
  type DeploymentReport,
  deploymentHtml,
  deploymentJsonSchema,
  deploymentJunit,
  durationText,
  readDeployment,
  runDeployment,
} from '@bpfoundry/deployment'
import { CARD_ENGINE, ENGINE_NAMES, OutputFile } from '@bpfoundry/testbench'
import { type Command, Option } from 'commander'
import { wholeNumber } from '../arguments.ts'
import type { CommandContext, CommandIo } from '../command-io.ts'
import { deploymentText } from '../deployments/report-text.ts'
import { EXIT, exitCodeOf, UsageError } from '../exit-code.ts'
import { Interrupt } from '../interrupt.ts'
import { formatCount, formatError, formatJson, Progress } from '../output.ts'
import { requireWritable } from '../writable-file.ts'

interface DeployOptions {
  readonly check?: boolean
  readonly engine?: string
  readonly seed?: number
  readonly html?: string
  readonly junit?: string
  readonly schema?: boolean
  readonly json?: boolean
}

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
        ...ENGINE_NAMES,
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
      finish(await deploy(path, options, io))
    })
}

async function deploy(path: string | undefined, options: DeployOptions, io: CommandIo): Promise<number> {
  if (options.schema) {
    io.out(`${formatJson(deploymentJsonSchema())}\n`)
    return EXIT.ok
  }
  if (path === undefined) throw noFile()
  for (const output of [options.html, options.junit]) if (output !== undefined) requireWritable(output)
  try {
    const file = readDeployment(path)
    return options.check ? await check(file, options, io) : await run(file, options, io)
  } catch (error) {
    if (!(error instanceof DeploymentInvalid)) throw error
    io.err(`${formatError(error, { json: options.json === true, terminal: io.terminal })}\n`)
    return invalidCode(error)
  }
}

async function check(file: DeploymentFile, { engine, json }: DeployOptions, io: CommandIo): Promise<number> {
  await checkDeployment(file, engine === undefined ? {} : { engine })
  const { name, hosts, programs, traffic } = file.deployment
  const counts = {
    hosts: Object.keys(hosts).length,
    interfaces: file.names.interfaces.size,
    programs: Object.keys(programs).length,
    traffic: Object.keys(traffic).length,
  }
  const text = Object.entries(counts).map(([what, count]) => `${count} ${what}`)
  io.out(
    json
      ? `${formatJson({ $schema: 'bpfoundry.deployment-check/1', name, ok: true, ...counts })}\n`
      : `${name}: ok (${text.join(', ')})\n`,
  )
  return EXIT.ok
}

async function run(file: DeploymentFile, options: DeployOptions, io: CommandIo): Promise<number> {
  const report = await runWatched(file, options, io)
  if (options.html !== undefined) writeWhole(options.html, deploymentHtml(report))
  if (options.junit !== undefined) writeWhole(options.junit, deploymentJunit(report))
  io.out(options.json ? `${formatJson(report)}\n` : deploymentText(report))
  if (report.interrupted) return EXIT.interrupted
  return report.passed ? EXIT.ok : EXIT.failed
}

async function runWatched(
  file: DeploymentFile,
  { engine, seed }: DeployOptions,
  io: CommandIo,
): Promise<DeploymentReport> {
  const interrupt = new Interrupt(io)
  const progress = new Progress(io)
  io.err(`${file.deployment.name}: running\n`)
  try {
    return await runDeployment(file, {
      ...(engine === undefined ? {} : { engine }),
      ...(seed === undefined ? {} : { seed }),
      signal: interrupt.signal,
      onProgress: (nowNs, sent) => progress.show(`${durationText(nowNs)}, ${formatCount(sent)} packets`),
    })
  } finally {
    progress.clear()
    interrupt.dispose()
  }
}

/** The file appears under its name when it is complete, or not at all. */
function writeWhole(path: string, text: string): void {
  const output = new OutputFile(path)
  try {
    output.write(Buffer.from(text))
    output.commit()
  } catch (error) {
    output.discard()
    throw error
  }
}

/** What is wrong in the file itself weighs more than what kernel and cards say to it. */
function invalidCode({ errors }: DeploymentInvalid): number {
  const codes = errors.map(exitCodeOf)
  return (
    [EXIT.unreadableInput, EXIT.unsupported, EXIT.failed].find((code) => codes.includes(code)) ?? EXIT.unreadableInput
  )
}

function noFile(): UsageError {
  return new UsageError({
    code: 'CLI_DEPLOYMENT',
    message: 'no deployment given',
    expected: 'a YAML file',
    hint: 'examples are in fixtures/deployments; what a file can say stands in docs/deployments.md',
  })
}
