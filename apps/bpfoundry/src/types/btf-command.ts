import { formatBtfC, formatBtfJson, formatBtfRaw, type SplitBtf } from '@bpfoundry/btf'
import { typeInformation } from '@bpfoundry/loader'
import { readInput } from '@bpfoundry/testbench'
import type { CommandIo } from '../command-io.ts'
import { EXIT, UnsupportedError, UsageError } from '../exit-code.ts'
import { type DumpRequest, dumpRequest } from './dump-words.ts'
import { withMapTypes } from './map-types.ts'

/** `btf dump`, as it is typed. */
export interface BtfDumpOptions {
  readonly baseBtf?: string
  readonly pretty?: boolean
  readonly json?: boolean
}

/** `bpfoundry btf dump`: prints types as bpftool does. @returns the exit code */
export function dumpTypes(words: readonly string[], options: BtfDumpOptions, io: CommandIo): number {
  const asked = dumpRequest(words)
  const asJson = options.json === true || options.pretty === true
  if (asJson && asked.format === 'c') throw noJson()
  const types = readTypes(asked.file, options.baseBtf)
  const request = withMapTypes(types.btf, asked)
  checkRoots(types, request)
  io.out(request.format === 'c' ? formatBtfC(types.btf, request) : listed(types, request, options, asJson))
  return EXIT.ok
}

function readTypes(file: string, base: string | undefined): SplitBtf {
  const bytes = readInput(file)
  return typeInformation(bytes, {
    input: file,
    ...(base === undefined ? {} : { base: { bytes: readInput(base), input: base } }),
  })
}

function checkRoots({ btf }: SplitBtf, { file, rootIds = [] }: DumpRequest): void {
  const got = rootIds.find((id) => id >= btf.types.length)
  if (got === undefined) return
  const [message, expected] = [`invalid root ID: ${got}`, `below ${btf.types.length}`]
  throw new UsageError({ code: 'CLI_BTF_ROOT', message, where: { input: file }, got, expected })
}

/** Of split types those of the base are left out, unless they are asked for. */
function listed(
  { btf, firstId }: SplitBtf,
  { rootIds }: DumpRequest,
  { pretty = false }: BtfDumpOptions,
  asJson: boolean,
): string {
  const types = rootIds === undefined ? btf.types.slice(firstId) : rootIds.map((id) => btf.type(id))
  return asJson ? formatBtfJson(btf, types, { pretty }) : formatBtfRaw(btf, types)
}

function noJson(): UnsupportedError {
  return new UnsupportedError({
    code: 'CLI_UNSUPPORTED_JSON',
    message: 'C is no JSON',
    got: 'format c with --json',
    hint: 'leave one of them out',
  })
}
