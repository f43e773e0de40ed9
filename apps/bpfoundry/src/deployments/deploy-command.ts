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
import type { CommandIo } from '../command-io.ts'
import { formatError } from '../error-text.ts'
import { EXIT, exitCodeOf, UsageError } from '../exit-code.ts'
import { Interrupt } from '../interrupt.ts'
import { formatCount, formatJson, Progress } from '../output.ts'
import { requireWritable, writeWhole } from '../writable-file.ts'
import { deploymentText } from './report-text.ts'

/** `deploy`, as it is typed. */
export interface DeployOptions {
  readonly check?: boolean
  readonly engine?: string
  readonly seed?: number
  readonly html?: string
  readonly junit?: string
  readonly schema?: boolean
  readonly json?: boolean
}

/** `bpfoundry deploy`. @returns the exit code */
export async function deploy(path: string | undefined, options: DeployOptions, io: CommandIo): Promise<number> {
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
