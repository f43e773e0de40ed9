import { Diagnostic, type DiagnosticJson, type SourceSpan } from '@bpfoundry/diagnostics'

/** Codes of {@link DeploymentError}. */
export type DeploymentErrorCode =
  /** No YAML: its syntax, an alias, a key twice. */
  | 'DEPLOYMENT_YAML'
  /** A key that there is not, one that is missing, a value of the wrong kind or out of range. */
  | 'DEPLOYMENT_SCHEMA'
  /** A number without its unit, or with one of something else. */
  | 'DEPLOYMENT_UNIT'
  /** A name that nothing has: of a host, a card, a link, a program, a map ... */
  | 'DEPLOYMENT_UNKNOWN'
  /** A port with two cables, a cable to itself, a ring of cables. */
  | 'DEPLOYMENT_LINK'
  /** Traffic without an end, or that its generator does not know. */
  | 'DEPLOYMENT_TRAFFIC'
  /** Contents that a map does not take. */
  | 'DEPLOYMENT_MAP'
  /** Times and faults that can't be. */
  | 'DEPLOYMENT_FAULT'
  /** A file that is missing or broken: an object, a capture, contents of a map. */
  | 'DEPLOYMENT_INPUT'
  /** What the modelled kernel, driver or card refuses. */
  | 'DEPLOYMENT_REFUSED'
  /** What this host can't do. */
  | 'DEPLOYMENT_UNSUPPORTED'
  /** Several of the above; see {@link DeploymentInvalid.errors}. */
  | 'DEPLOYMENT_INVALID'

/** What is wrong in a deployment file, with the place in it. */
export interface DeploymentErrorFields {
  readonly code: DeploymentErrorCode
  readonly message: string
  readonly source?: SourceSpan
  readonly got?: string | number
  readonly expected?: string | number
  readonly hint?: string
  readonly cause?: unknown
}

/** An error of a deployment file: `DEPLOYMENT_*`, with line and column where known. */
export class DeploymentError extends Diagnostic {
  declare readonly code: DeploymentErrorCode

  constructor({ source, ...fields }: DeploymentErrorFields) {
    super({ ...fields, ...(source === undefined ? {} : { where: { source } }) })
  }
}

/** All that is wrong in one file: no run was tried. */
export class DeploymentInvalid extends DeploymentError {
  /** In the order of the file; one at least. */
  readonly errors: readonly DeploymentError[]

  constructor(input: string, errors: readonly DeploymentError[]) {
    const count = errors.length === 1 ? '1 error' : `${errors.length} errors`
    super({ code: 'DEPLOYMENT_INVALID', message: `${count} in ${input}` })
    this.errors = [...errors].sort((one, other) => placeOf(one) - placeOf(other))
  }

  override format(): string {
    return [...this.errors.map((error) => error.format()), super.format()].join('\n\n')
  }

  override toJSON(): DiagnosticJson & { readonly errors: readonly DiagnosticJson[] } {
    return { ...super.toJSON(), errors: this.errors.map((error) => error.toJSON()) }
  }
}

function placeOf({ where }: DeploymentError): number {
  const { line = 0, column = 0 } = where?.source ?? {}
  return line * 1e6 + column
}
