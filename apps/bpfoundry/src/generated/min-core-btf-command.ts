import { minimalKernelTypes } from '@bpfoundry/loader'
import { readInput, readKernelTypes } from '@bpfoundry/testbench'
import type { CommandIo } from '../command-io.ts'
import { EXIT } from '../exit-code.ts'
import { formatJson } from '../output.ts'
import { requireWritable, writeWhole } from '../writable-file.ts'

/** `gen min_core_btf`, as it is typed. */
export interface MinCoreBtfOptions {
  readonly json?: boolean
}

/** `bpfoundry gen min_core_btf`. @returns the exit code */
export function minCoreBtf(
  input: string,
  output: string,
  objects: readonly string[],
  { json }: MinCoreBtfOptions,
  io: CommandIo,
): number {
  requireWritable(output)
  const kernel = readKernelTypes(input)
  const read = objects.map((name) => ({ name, bytes: readInput(name) }))
  const btf = minimalKernelTypes(kernel, read, kernel.byteOrder)
  const bytes = btf.encode()
  writeWhole(output, bytes)
  // The first is void.
  const types = btf.types.length - 1
  if (json) {
    const files = { input, output, objects }
    io.out(`${formatJson({ $schema: 'bpfoundry.min-core-btf/1', ...files, types, sizeBytes: bytes.length })}\n`)
  } else {
    io.err(`${output} written: ${types} types, ${bytes.length} bytes\n`)
  }
  return EXIT.ok
}
