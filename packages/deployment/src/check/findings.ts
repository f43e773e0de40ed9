import { nearestNames } from '@bpfoundry/diagnostics'
import { DeploymentError, type DeploymentErrorCode } from '../deployment-error.ts'
import type { SourceDocument, SourcePath } from '../source/source-document.ts'

/** What to say of a place beside the message. */
export interface FindingDetails {
  readonly got?: string | number
  readonly expected?: string | number
  readonly hint?: string
  readonly cause?: unknown
  /** Point at the key, not at its value. */
  readonly atKey?: boolean
}

/** Gathers what is wrong in a file, so that all of it can be told at once. */
export class Findings {
  readonly document: SourceDocument
  readonly errors: DeploymentError[] = []

  constructor(document: SourceDocument) {
    this.document = document
  }

  add(
    code: DeploymentErrorCode,
    path: SourcePath,
    message: string,
    { atKey = false, ...details }: FindingDetails = {},
  ): void {
    this.errors.push(new DeploymentError({ code, message, source: this.document.at(path, atKey), ...details }))
  }

  /** Says that a name is nothing's, and which there are. @param what "interface" */
  unknown(path: SourcePath, what: string, name: string, names: readonly string[]): void {
    this.add('DEPLOYMENT_UNKNOWN', path, `no such ${what}: ${name}`, {
      got: name,
      expected: names.length === 0 ? `none: the file describes no ${what}` : names.join(', '),
      hint: nearestNames(name, names),
    })
  }

  /** As {@link unknown} where the name is not among the names. @returns whether it is */
  known(
    path: SourcePath,
    what: string,
    name: string,
    names: ReadonlySet<string> | ReadonlyMap<string, unknown>,
  ): boolean {
    if (names.has(name)) return true
    this.unknown(path, what, name, [...names.keys()])
    return false
  }
}
