import { BtfError, decodeBtf, decodeSplitBtf, type SplitBtf } from '@bpfoundry/btf'
import { isDiagnostic } from '@bpfoundry/diagnostics'
import { readElf } from '@bpfoundry/elf'
import { LoaderError } from './loader-error.ts'

/** Where the types of a file come from, for errors, and what they go on from. */
export interface TypeInformationOptions {
  /** Name of the file. */
  readonly input?: string
  /** Split BTF: the file that holds its base, as a kernel's of a module's. */
  readonly base?: { readonly bytes: Uint8Array; readonly input?: string }
}

const ELF_MAGIC = [0x7f, 0x45, 0x4c, 0x46]

/**
 * The types that a file holds: BTF as it is, or the .BTF section of an ELF file of any machine. Those of a module, which has its
 * own base in .BTF.base, go on from that.
 *
 * @throws {LoaderError} LOADER_NO_TYPES for an ELF file without; LOADER_UNSUPPORTED for a module with a base of its own where
 *   another is given
 * @throws {ElfError} every code of `readElf`
 * @throws {BtfError} every code of `decodeBtf` and `decodeSplitBtf`
 */
export function typeInformation(bytes: Uint8Array, { input, base }: TypeInformationOptions = {}): SplitBtf {
  const { types, ownBase } = sectionsOf(bytes, input)
  if (base === undefined) {
    return located(input, () =>
      ownBase === undefined ? { btf: decodeBtf(types), firstId: 1 } : withOwn(ownBase, types),
    )
  }
  if (ownBase !== undefined) throw relocated(input)
  const baseTypes = sectionsOf(base.bytes, base.input).types
  return located(input, () => decodeSplitBtf(baseTypes, types))
}

/** The base that a module brings along is shown with it. */
function withOwn(base: Uint8Array, types: Uint8Array): SplitBtf {
  return { btf: decodeSplitBtf(base, types).btf, firstId: 1 }
}

function sectionsOf(bytes: Uint8Array, input: string | undefined): { types: Uint8Array; ownBase?: Uint8Array } {
  if (!ELF_MAGIC.every((byte, at) => bytes[at] === byte)) return { types: bytes }
  const elf = readElf(bytes, input === undefined ? {} : { name: input })
  const [types, ownBase] = [elf.section('.BTF'), elf.section('.BTF.base')]
  if (types !== undefined)
    return { types: elf.data(types), ...(ownBase === undefined ? {} : { ownBase: elf.data(ownBase) }) }
  throw new LoaderError({
    code: 'LOADER_NO_TYPES',
    message: 'the file has no type information',
    ...(input === undefined ? {} : { where: { input } }),
    expected: 'a section .BTF',
    hint: 'compile with -g',
  })
}

function located<T>(input: string | undefined, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (input === undefined || !isDiagnostic(error)) throw error
    throw error instanceof BtfError ? error.at({ input, section: '.BTF' }) : error.at({ input })
  }
}

function relocated(input: string | undefined): LoaderError {
  return new LoaderError({
    code: 'LOADER_UNSUPPORTED',
    message: "a module's own base is not matched to a kernel's types",
    where: { ...(input === undefined ? {} : { input }), section: '.BTF.base' },
    hint: 'leave the base out: the types are complete with their own',
  })
}
