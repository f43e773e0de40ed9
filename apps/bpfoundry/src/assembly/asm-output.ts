import type { Definition } from '../options/arguments.ts'
import type { AsmFormat } from '../options/choices.ts'

/** What is asked of an assembler. */
export interface AsmRequest {
  /** The name that errors have for the text. */
  readonly file: string
  readonly definitions: readonly Definition[]
  readonly byteOrder: 'little' | 'big'
  readonly check: boolean
}

/** A program in all forms that it can be printed in. */
export interface AsmOutput {
  readonly bytes: Uint8Array
  /** @throws UsageError CLI_FORMAT for a form that it does not have */
  text(format: AsmFormat | undefined): string
  readonly json: object
  readonly warnings: readonly string[]
}
