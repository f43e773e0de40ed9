import { linkObjects } from '@bpfoundry/loader'
import { readInput } from '@bpfoundry/testbench'
import type { CommandIo } from '../command-io.ts'
import { EXIT } from '../exit-code.ts'
import { formatJson } from '../output.ts'
import { requireWritable, writeWhole } from '../writable-file.ts'

/** `gen object`, as it is typed. */
export interface ObjectCommandOptions {
  readonly json?: boolean
}

/** `bpfoundry gen object`. @returns the exit code */
export function linkedObject(
  output: string,
  inputs: readonly string[],
  { json }: ObjectCommandOptions,
  io: CommandIo,
): number {
  requireWritable(output)
  const bytes = linkObjects(inputs.map((name) => ({ name, bytes: readInput(name) })))
  writeWhole(output, bytes)
  if (json) io.out(`${formatJson({ $schema: 'bpfoundry.object/1', output, inputs, sizeBytes: bytes.length })}\n`)
  else io.err(`${output} written: ${bytes.length} bytes of ${inputs.length} objects\n`)
  return EXIT.ok
}
