import {
  BTF_KIND,
  BtfError,
  btfMapDefinitions,
  checkBtf,
  decodeBtf,
  decodeSplitBtf,
  formatBtfC,
  formatBtfJson,
  formatBtfRaw,
  JsonText,
  typedCodec,
  ValueJson,
  ValueShapes,
} from '../src/index.ts'
import { everyKind } from './seed-types.ts'

export const name = 'btf'

const BASE = everyKind('little').encode()

/** Decodes, checks, prints and follows every type; what decodes encodes to the same bytes. */
export function fuzzOnce(input: Uint8Array): void {
  try {
    const btf = decodeBtf(input)
    const encoded = btf.encode()
    if (encoded.length !== input.length || encoded.some((byte, index) => byte !== input[index])) {
      throw new Error('decoded types do not encode to the same bytes')
    }
    formatBtfRaw(btf)
    formatBtfJson(btf)
    tolerate(() => formatBtfC(btf))
    tolerate(() => decodeSplitBtf(BASE, input))
    const shapes = new ValueShapes(btf)
    for (const { id } of btf.types) tolerate(() => roundTrip(shapes, id))
    for (const { id, name: typeName } of btf.types) {
      tolerate(() => btf.resolve(id))
      tolerate(() => btf.sizeOf(id))
      tolerate(() => new ValueJson(btf, new JsonText(), { isPlain: true }).put(id, input.subarray(0, 64)))
      btf.find(typeName)
      const type = btf.type(id)
      if (type.kind === BTF_KIND.STRUCT || type.kind === BTF_KIND.UNION) tolerate(() => btf.member(type, 'rest'))
      if (type.kind === BTF_KIND.DATASEC) tolerate(() => btfMapDefinitions(btf, type.name))
    }
    checkBtf(btf)
  } catch (error) {
    if (!(error instanceof BtfError)) throw error
  }
}

/** Largest value that is read: damaged types may have any size. */
const MAX_VALUE_BYTES = 4096

/** What is read of a value can be written, and is then read again. */
function roundTrip(shapes: ValueShapes, typeId: number): void {
  const shape = shapes.of(typeId)
  if (shape === undefined || shape.sizeBytes > MAX_VALUE_BYTES) return
  const codec = typedCodec<unknown>(shape)
  const written = codec.encode(codec.decode(Uint8Array.from({ length: shape.sizeBytes }, (_, at) => at + 1)))
  const again = codec.encode(codec.decode(written))
  if (written.some((byte, index) => byte !== again[index])) throw new Error('a value is written in two ways')
}

function tolerate(run: () => unknown): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof BtfError)) throw error
  }
}

export const seeds = (): Uint8Array[] => [everyKind('little').encode(), everyKind('big').encode()]
