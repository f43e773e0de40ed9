import { dirname, resolve } from 'node:path'
import { readText } from '@bpfoundry/testbench'
import { checkCards, checkModes } from './check/check-cards.ts'
import { checkReferences } from './check/check-references.ts'
import { checkTimeline } from './check/check-timeline.ts'
import { checkTopology } from './check/check-topology.ts'
import { checkTraffic } from './check/check-traffic.ts'
import { type DeploymentNames, namesOf, type ReadableSections } from './check/deployment-names.ts'
import { Findings } from './check/findings.ts'
import { DeploymentInvalid } from './deployment-error.ts'
import { type Deployment, deploymentSchema, SECTIONS } from './schema/deployment.ts'
import { schemaErrors } from './source/schema-errors.ts'
import { SourceDocument } from './source/source-document.ts'

/** A deployment that was read, and where its parts stand in the file. */
export interface DeploymentFile {
  readonly deployment: Deployment
  readonly names: DeploymentNames
  readonly document: SourceDocument
  /** Folder that paths in the file are relative to. */
  readonly folder: string
}

/**
 * Reads a deployment file.
 *
 * @throws TestbenchError TESTBENCH_NO_SUCH_FILE, TESTBENCH_UNREADABLE
 * @throws DeploymentInvalid with every error of the file that can be told without running it
 */
export function readDeployment(path: string): DeploymentFile {
  return parseDeployment(readText(path), { file: path, folder: dirname(resolve(path)) })
}

/**
 * Reads the text of a deployment.
 *
 * @param file name for messages
 * @param folder that paths in it are relative to
 * @throws DeploymentInvalid
 */
export function parseDeployment(
  text: string,
  { file, folder }: { readonly file: string; readonly folder: string },
): DeploymentFile {
  const document = new SourceDocument(file, text)
  if (document.errors.length > 0) throw new DeploymentInvalid(file, document.errors)
  const parsed = deploymentSchema.safeParse(document.value)
  const findings = new Findings(document)
  if (!parsed.success) findings.errors.push(...schemaErrors(document, parsed.error))
  // What could be read is checked further, so that all errors are told at once.
  const sections = parsed.success ? parsed.data : readableSections(document.value)
  const names = namesOf(sections)
  checkReferences(sections, names, findings)
  checkTopology(sections, names, findings)
  checkCards(sections, findings)
  checkModes(sections, names, findings)
  checkTraffic(sections, findings)
  checkTimeline(sections, names, findings)
  if (!parsed.success || findings.errors.length > 0) throw new DeploymentInvalid(file, findings.errors)
  return { deployment: parsed.data, names, document, folder }
}

function readableSections(value: unknown): ReadableSections {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(
    Object.entries(SECTIONS).flatMap(([section, schema]) => {
      const parsed = schema.safeParse((value as Record<string, unknown>)[section])
      return parsed.success ? [[section, parsed.data]] : []
    }),
  )
}
