import { JsonText, ValueJson } from '@bpfoundry/btf'
import { errnoText, MAP_TYPE, mapTypeName } from '@bpfoundry/kernel-abi'
import type { KernelMap, MapBtf } from '../kernel-map.ts'
import { dumpedElements } from './dumped-elements.ts'
import { elementText } from './element-text.ts'
import { shownTypes } from './shown-types.ts'

/** How maps are printed. */
export interface MapDumpOptions {
  /** As `bpftool -j map dump` prints them: bytes, and what they are beside them. */
  readonly json?: boolean
  /** A member a line, as with `-p`. */
  readonly pretty?: boolean
}

/** Text is handed on in pieces of this length. */
const PIECE_LETTERS = 1 << 16

const PER_CPU: ReadonlySet<number> = new Set([
  MAP_TYPE.PERCPU_HASH,
  MAP_TYPE.PERCPU_ARRAY,
  MAP_TYPE.LRU_PERCPU_HASH,
  MAP_TYPE.PERCPU_CGROUP_STORAGE,
])
const MAPS_OF_MAPS: ReadonlySet<number> = new Set([MAP_TYPE.ARRAY_OF_MAPS, MAP_TYPE.HASH_OF_MAPS])

/**
 * The elements of maps as `bpftool map dump` prints them. With types for all of them the text is JSON, each element
 * `{ "key": ..., "value": ... }`; without for one of them it is bytes in hex. Several maps are told by what they are.
 *
 * @param out takes the text piece by piece: that of a large map is longer than any string
 * @see tools/bpf/bpftool/map.c of Linux 6.12
 */
export function dumpMaps(maps: readonly KernelMap[], out: (text: string) => void, options: MapDumpOptions = {}): void {
  const isJson = options.json === true || options.pretty === true
  const hasTypes = maps.every((map) => shownTypes(map) !== undefined)
  if (isJson || hasTypes) putJson(maps, out, isJson, !isJson || options.pretty === true)
  else putPlain(maps, out)
}

function putJson(maps: readonly KernelMap[], out: (text: string) => void, isJson: boolean, pretty: boolean): void {
  const json = new JsonText({ pretty, sink: out })
  const [only, ...more] = maps
  if (only !== undefined && more.length === 0) putMap(json, only, isJson)
  else {
    json.array(() => {
      for (const map of maps) putWithHeader(json, map, isJson)
    })
  }
  out(json.toString())
}

function putWithHeader(json: JsonText, map: KernelMap, isJson: boolean): void {
  json.object(() => {
    putHeader(json, map)
    json.name('elements')
    putMap(json, map, isJson)
  })
}

function putPlain(maps: readonly KernelMap[], out: (text: string) => void): void {
  for (const [index, map] of maps.entries()) {
    if (maps.length > 1) out(`${index === 0 ? '' : '\n'}${headerLine(map)}\n`)
    putElements(map, out)
  }
}

function headerLine({ id, name, attributes: { type, flags } }: KernelMap): string {
  return `${id}: ${mapTypeName(type)}  ${name === '' ? '' : `name ${name}  `}flags 0x${flags.toString(16)}`
}

function putElements(map: KernelMap, out: (text: string) => void): void {
  const { type, valueSizeBytes } = map.attributes
  const shape = { perCpu: PER_CPU.has(type), ofMaps: MAPS_OF_MAPS.has(type), valueSizeBytes }
  let [text, count] = ['', 0]
  for (const element of dumpedElements(map)) {
    text += elementText(element, shape)
    if ('value' in element) count++
    if (text.length < PIECE_LETTERS) continue
    out(text)
    text = ''
  }
  out(`${text}Found ${count} element${count === 1 ? '' : 's'}\n`)
}

function putHeader(json: JsonText, { id, name, attributes }: KernelMap): void {
  json.member('id', id)
  json.member('type', mapTypeName(attributes.type))
  if (name !== '') json.member('name', name)
  json.member('flags', attributes.flags)
}

function putMap(json: JsonText, map: KernelMap, isJson: boolean): void {
  const types = shownTypes(map)
  json.array(() => {
    for (const element of dumpedElements(map)) {
      if ('errno' in element) {
        if (isJson) putError(json, element.key, element.errno)
      } else if (isJson) {
        json.object(() => {
          putBytes(json, map, element)
          if (types === undefined) return
          json.name('formatted')
          putTyped(json, map, types, element, false)
        })
      } else if (types !== undefined) {
        putTyped(json, map, types, element, true)
      }
    }
  })
}

function putError(json: JsonText, key: Uint8Array, errno: number): void {
  json.object(() => {
    json.name('key')
    putHex(json, key)
    json.name('value')
    json.object(() => json.member('error', errnoText(errno)))
  })
}

function putBytes(json: JsonText, map: KernelMap, { key, value }: { key: Uint8Array; value: Uint8Array }): void {
  json.name('key')
  putHex(json, key)
  putValues(json, map, value, (one) => putHex(json, one))
  if (MAPS_OF_MAPS.has(map.attributes.type))
    json.member('inner_map_id', new DataView(value.buffer, value.byteOffset).getUint32(0, true))
}

/** Key and value by their types; data sections have no type of a key. */
function putTyped(
  json: JsonText,
  map: KernelMap,
  { btf, keyTypeId, valueTypeId }: MapBtf,
  { key, value }: { key: Uint8Array; value: Uint8Array },
  isPlain: boolean,
): void {
  const typed = new ValueJson(btf, json, { isPlain })
  json.object(() => {
    if (keyTypeId !== 0) {
      json.name('key')
      typed.put(keyTypeId, key)
    }
    putValues(json, map, value, (one) => typed.put(valueTypeId, one))
  })
}

/** One value, or one of each CPU. */
function putValues(json: JsonText, map: KernelMap, value: Uint8Array, put: (one: Uint8Array) => void): void {
  if (!PER_CPU.has(map.attributes.type)) {
    json.name('value')
    put(value)
    return
  }
  json.name('values')
  json.array(() => {
    for (const [cpu, one] of valuesOfCpus(map, value).entries()) {
      json.object(() => {
        json.member('cpu', cpu)
        json.name('value')
        put(one)
      })
    }
  })
}

function valuesOfCpus({ attributes: { valueSizeBytes } }: KernelMap, value: Uint8Array): Uint8Array[] {
  const stride = Math.ceil(valueSizeBytes / 8) * 8
  return Array.from({ length: value.length / stride }, (_, cpu) =>
    value.subarray(cpu * stride, cpu * stride + valueSizeBytes),
  )
}

function putHex(json: JsonText, bytes: Uint8Array): void {
  json.array(() => {
    for (const byte of bytes) json.value(`0x${byte.toString(16).padStart(2, '0')}`)
  })
}
