import { WholeFile } from '@bpfoundry/output-file'
import type { CommandIo } from '../command-io.ts'
import { EXIT, InputError, UsageError } from '../exit-code.ts'
import { inputName, readTextInput } from '../input-file.ts'
import type { Definition } from '../options/arguments.ts'
import type { AsmFormat, EbpfSyntax } from '../options/choices.ts'
import { formatJson } from '../output.ts'
import type { AsmOutput, AsmRequest } from './asm-output.ts'
import { assembleClassicText } from './classic-output.ts'
import { assembleEbpfText } from './ebpf-output.ts'

/** `asm`, as it is typed. */
export interface AsmOptions {
  readonly c?: boolean
  readonly format?: AsmFormat
  readonly D: readonly Definition[]
  readonly ebpf?: boolean
  readonly syntax: EbpfSyntax
  readonly check?: boolean
  readonly bigEndian?: boolean
  readonly write?: string
  readonly json?: boolean
}

/** `bpfoundry asm`. @returns the exit code */
export async function assemble(path: string, options: AsmOptions, io: CommandIo): Promise<number> {
  const request: AsmRequest = {
    file: inputName(path),
    definitions: options.D,
    byteOrder: options.bigEndian === true ? 'big' : 'little',
    check: options.check === true,
  }
  const format = formatOf(options)
  const text = await readTextInput(path, io)
  const output =
    options.ebpf === true ? assembleEbpfText(text, options.syntax, request) : assembleClassicText(text, request)
  for (const warning of [...output.warnings, ...formatWarnings(format, output)]) io.err(`warning: ${warning}\n`)
  if (options.write !== undefined) writeBytes(options.write, output.bytes)
  if (options.json === true) io.out(`${formatJson({ $schema: 'bpfoundry.asm/1', ...output.json })}\n`)
  else if (options.write === undefined) io.out(output.text(format))
  return EXIT.ok
}

/** @throws UsageError CLI_FORMAT */
function formatOf({ c, format }: AsmOptions): AsmFormat | undefined {
  if (c !== true) return format
  if (format === undefined || format === 'c') return 'c'
  throw new UsageError({
    code: 'CLI_FORMAT',
    message: 'two formats given',
    got: `-c and --format ${format}`,
    expected: 'one',
  })
}

/** What netfilter's xt_bpf takes. */
const MOST_FOR_XT_BPF = 64
const CLASSIC_INSN_BYTES = 8

function formatWarnings(format: AsmFormat | undefined, { bytes }: AsmOutput): readonly string[] {
  const count = bytes.length / CLASSIC_INSN_BYTES
  if (format !== 'xt-bpf' || count <= MOST_FOR_XT_BPF) return []
  return [`xt_bpf takes ${MOST_FOR_XT_BPF} instructions, not ${count}`]
}

/** @throws InputError CLI_UNWRITABLE */
function writeBytes(path: string, bytes: Uint8Array): void {
  try {
    const file = new WholeFile(path)
    file.write(bytes)
    file.commit()
  } catch (cause) {
    const message = `cannot write ${path}: ${(cause as Error).message}`
    throw new InputError({ code: 'CLI_UNWRITABLE', message, where: { input: path }, hint: 'check the path', cause })
  }
}
