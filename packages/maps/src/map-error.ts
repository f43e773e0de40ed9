import { Diagnostic, type DiagnosticFields } from '@bpfoundry/diagnostics'

/** Why a map can't be made or used. The errno is what bpf(2) answers; the code says which rule it was. */
export type MapErrorCode =
  | 'MAP_TYPE'
  | 'MAP_TYPE_UNSUPPORTED'
  | 'MAP_FLAGS'
  | 'MAP_KEY_SIZE'
  | 'MAP_VALUE_SIZE'
  | 'MAP_MAX_ENTRIES'
  | 'MAP_EXTRA'
  | 'MAP_NAME'
  | 'MAP_MEMORY'
  | 'MAP_KEY_LENGTH'
  | 'MAP_VALUE_LENGTH'
  | 'MAP_NOT_A_MAP'
  | 'MAP_NOT_OWNER'
  | 'MAP_ARENA_FAULT'

/** A map that can't be created, or bytes of the wrong length for one. */
export class MapError extends Diagnostic {
  declare readonly code: MapErrorCode
  /** Positive Linux error number. */
  readonly errno: number

  constructor(fields: DiagnosticFields & { readonly code: MapErrorCode; readonly errno: number }) {
    super(fields)
    this.errno = fields.errno
  }
}
