import { ERRNO, errnoText } from '@bpfoundry/kernel-abi'
import type { DumpedElement } from './dumped-elements.ts'

/** What the value of an element is called, and how it is taken apart. */
export interface ElementShape {
  readonly perCpu: boolean
  /** Values are ids of maps. */
  readonly ofMaps: boolean
  /** Bytes of a value of one CPU. */
  readonly valueSizeBytes: number
}

/** More bytes than this do not stand behind their name. */
const BESIDE_NAME_BYTES = 16
/** Key and value stand in one line up to here. */
const ONE_LINE_BYTES = 24

/** An element as `bpftool map dump` prints it without types: lines of hex. */
export function elementText(element: DumpedElement, shape: ElementShape): string {
  if ('errno' in element) return errorLines(element.key, element.errno)
  const { key, value } = element
  return shape.perCpu ? perCpuLines(key, value, shape.valueSizeBytes) : lines(key, value, shape.ofMaps)
}

/** How a key and what follows stand together. */
function spread(keyBytes: number, valueBytes: number): { gap: string; between: string } {
  const breaks = keyBytes > BESIDE_NAME_BYTES || valueBytes > BESIDE_NAME_BYTES
  return {
    gap: breaks ? '\n' : ' ',
    between: !breaks && keyBytes + valueBytes <= ONE_LINE_BYTES ? '  ' : '\n',
  }
}

function lines(key: Uint8Array, value: Uint8Array, ofMaps: boolean): string {
  const { gap, between } = spread(key.length, value.length)
  const keyPart = key.length === 0 ? '' : `key:${gap}${hex(key)}${between}`
  if (value.length === 0) return `${keyPart}\n`
  if (!ofMaps) return `${keyPart}value:${gap}${hex(value)}\n`
  return `${keyPart}inner_map_id:${gap}${new DataView(value.buffer, value.byteOffset).getUint32(0, true)} \n`
}

function perCpuLines(key: Uint8Array, value: Uint8Array, valueSizeBytes: number): string {
  const stride = Math.ceil(valueSizeBytes / 8) * 8
  const gap = valueSizeBytes > BESIDE_NAME_BYTES ? '\n' : ' '
  let text = `key:\n${hex(key)}\n`
  for (let at = 0; at < value.length; at += stride) {
    const cpu = String(at / stride).padStart(2, '0')
    text += `value (CPU ${cpu}):${gap}${hex(value.subarray(at, at + valueSizeBytes))}\n`
  }
  return text
}

function errorLines(key: Uint8Array, errno: number): string {
  const message = errno === ERRNO.ENOENT ? '<no entry>' : errnoText(errno)
  const { gap, between } = spread(key.length, message.length)
  return `key:${gap}${hex(key)}${between}value:${gap}${message}\n`
}

/** Sixteen bytes a line, in two halves. */
function hex(bytes: Uint8Array): string {
  let text = ''
  for (const [at, byte] of bytes.entries()) {
    const before = at === 0 ? '' : at % 16 === 0 ? '\n' : at % 8 === 0 ? '  ' : ' '
    text += before + byte.toString(16).padStart(2, '0')
  }
  return text
}
