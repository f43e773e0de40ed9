import type { CValue, TranslationUnit } from '@bpfoundry/c-source'
import { errorAt } from '../../conformance-error.ts'

const BTF_MAGIC = 0xeb9f
const BTF_VERSION = 1
const HEADER_BYTES = 24

/** A BTF blob of type words and a string section. @see Documentation/bpf/btf.rst, section 2.1 */
export function btfBlob(types: readonly number[], strings: Uint8Array): Uint8Array {
  const typeBytes = 4 * types.length
  const blob = new Uint8Array(HEADER_BYTES + typeBytes + strings.length)
  const view = new DataView(blob.buffer)
  view.setUint16(0, BTF_MAGIC, true)
  view.setUint8(2, BTF_VERSION)
  ;[HEADER_BYTES, 0, typeBytes, typeBytes, strings.length].forEach((word, index) => {
    view.setUint32(4 + 4 * index, word, true)
  })
  types.forEach((word, index) => {
    view.setUint32(HEADER_BYTES + 4 * index, word, true)
  })
  blob.set(strings, HEADER_BYTES + typeBytes)
  return blob
}

/** The bytes of an array of characters: its text and, to its length, zeros. */
export function paddedBytes(text: string, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => text.charCodeAt(index) || 0)
}

/** Words of a type, and words of each of its members, by kind: int, array, struct, union, enum ... */
// biome-ignore format: table
const WORDS: Readonly<Record<number, readonly [more: number, each: number]>> = {
  1: [1, 0], 3: [3, 0], 4: [0, 3], 5: [0, 3], 6: [0, 2], 13: [0, 2], 14: [1, 0], 15: [0, 3], 17: [1, 0], 19: [0, 3],
}

/** The words of the types up to one: none refers to a later one. */
function upToType(words: readonly number[], typeId: number): readonly number[] {
  let at = 0
  for (let id = 1; id <= typeId; id++) {
    const info = words[at + 1] ?? 0
    const [more, each] = WORDS[(info >>> 24) & 31] ?? [0, 0]
    at += 3 + more + each * (info & 0xffff)
  }
  return words.slice(0, at)
}

/**
 * The types of a map: the runner's own tables up to the type of its values. The runner gives all of them to every map; but
 * kernels that do not know a later type's tags refuse maps that have nothing to do with it.
 *
 * @throws CSourceError, ConformanceError
 */
export function mapTypesBlob(runner: TranslationUnit, valueTypeId: number): Uint8Array {
  const { text } = ofKind(runner, 'btf_str_sec', 'string')
  const { elements } = ofKind(runner, 'btf_raw_types', 'list')
  const words = [...elements].map((element) => (element?.kind === 'number' ? Number(element.value) : 0))
  return btfBlob(upToType(words, valueTypeId), paddedBytes(text, text.length + 1))
}

function ofKind<Kind extends CValue['kind']>(
  runner: TranslationUnit,
  name: string,
  kind: Kind,
): Extract<CValue, { kind: Kind }> {
  const value = runner.valueOf(name)
  if (value.kind === kind) return value as Extract<CValue, { kind: Kind }>
  throw errorAt(runner.variables.get(name)?.span ?? { file: name, line: 1 }, {
    code: 'CONFORMANCE_SOURCE',
    message: `${name} is not what it is in trees that are known`,
    got: value.kind,
    expected: kind,
  })
}
