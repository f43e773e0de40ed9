/** Module bytes as text, in the manner of the WebAssembly text format: for golden files, and a second reader of them. */
import { OP } from '../src/binary/opcode.ts'

const NAMES = new Map<number, string>(Object.entries(OP).map(([name, opcode]) => [opcode, name]))
const TYPES: Readonly<Record<number, string>> = { 127: 'i32', 126: 'i64', 112: 'funcref', 64: '' }
const SECTIONS: Readonly<Record<number, string>> = { 1: 'type', 2: 'import', 3: 'function', 7: 'export', 10: 'code' }

class Reader {
  readonly #bytes: Uint8Array
  at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes
    this.at = at
  }

  get done(): boolean {
    return this.at >= this.#bytes.length
  }

  byte(): number {
    const byte = this.#bytes[this.at++]
    if (byte === undefined) throw new Error(`module ends at ${this.at}`)
    return byte
  }

  /** LEB128, at most `bits` wide. */
  integer(bits: number, signed: boolean): bigint {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte()
      value |= BigInt(byte & 0x7f) << shift
      if ((byte & 0x80) !== 0) continue
      return signed ? BigInt.asIntN(bits, BigInt.asIntN(Number(shift) + 7, value)) : BigInt.asUintN(bits, value)
    }
  }

  u32(): number {
    return Number(this.integer(32, false))
  }

  double(): number {
    const at = this.at
    this.at += 8
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset).getFloat64(at, true)
  }

  slice(lengthBytes: number): Reader {
    const start = this.at
    this.at += lengthBytes
    return new Reader(this.#bytes.subarray(start, this.at))
  }

  text(): string {
    return Array.from({ length: this.u32() }, () => String.fromCharCode(this.byte())).join('')
  }

  vector<Item>(item: () => Item): Item[] {
    return Array.from({ length: this.u32() }, item)
  }
}

/** A line for each instruction, indented by scope. */
export function wat(module: Uint8Array): string {
  const reader = new Reader(module, 8)
  const lines: string[] = []
  while (!reader.done) {
    const name = SECTIONS[reader.byte()] as keyof typeof PRINTERS
    PRINTERS[name](reader.slice(reader.u32()), lines)
  }
  return `${lines.join('\n')}\n`
}

const PRINTERS = {
  type: (reader: Reader, lines: string[]): void => {
    const types = reader.vector(() => {
      reader.byte()
      const [parameters, results] = [
        reader.vector(() => TYPES[reader.byte()]),
        reader.vector(() => TYPES[reader.byte()]),
      ]
      return `(${parameters.join(' ')}) -> (${results.join(' ')})`
    })
    for (const [index, type] of types.entries()) lines.push(`type ${index} ${type}`)
  },
  import: (reader: Reader, lines: string[]): void => {
    reader.vector(() => {
      const name = `${reader.text()}.${reader.text()}`
      lines.push(`import ${name} ${IMPORTS[reader.byte()]!(reader)}`)
    })
  },
  function: (reader: Reader, lines: string[]): void => {
    lines.push(`functions of types ${reader.vector(() => reader.u32()).join(' ')}`)
  },
  export: (reader: Reader, lines: string[]): void => {
    reader.vector(() => {
      const [name, kind, index] = [reader.text(), reader.byte(), reader.u32()]
      lines.push(`export ${name} kind ${kind} index ${index}`)
    })
  },
  code: (reader: Reader, lines: string[]): void => {
    let index = 0
    reader.vector(() => {
      lines.push(`code ${index++}`)
      printFunction(reader.slice(reader.u32()), lines)
    })
  },
}

const IMPORTS: readonly ((reader: Reader) => string)[] = [
  (reader) => `function of type ${reader.u32()}`,
  (reader) => `table of ${TYPES[reader.byte()]}, limits ${reader.byte()} ${reader.u32()}`,
  (reader) => `memory, limits ${reader.byte()} ${reader.u32()} ${reader.u32()}`,
]

function printFunction(reader: Reader, lines: string[]): void {
  const locals = reader.vector(() => `${reader.u32()} x ${TYPES[reader.byte()]}`)
  if (locals.length > 0) lines.push(`  local ${locals.join(', ')}`)
  let depth = 1
  while (!reader.done) {
    const name = nameOf(reader)
    if (name === 'end' || name === 'else') depth--
    lines.push(`${'  '.repeat(Math.max(depth, 1))}${name}${operandsOf(name, reader)}`)
    if (['block', 'loop', 'if', 'else'].includes(name)) depth++
  }
}

function nameOf(reader: Reader): string {
  const first = reader.byte()
  const opcode = first >= 0xfc ? (first << 8) | reader.u32() : first
  const name = NAMES.get(opcode)
  if (name === undefined) throw new Error(`unknown opcode 0x${opcode.toString(16)} at ${reader.at}`)
  return name
}

const OPERANDS: Readonly<Record<string, (reader: Reader) => string>> = {
  block: (reader) => TYPES[reader.byte()] as string,
  loop: (reader) => TYPES[reader.byte()] as string,
  if: (reader) => TYPES[reader.byte()] as string,
  br: (reader) => String(reader.u32()),
  br_if: (reader) => String(reader.u32()),
  br_table: (reader) => [...reader.vector(() => reader.u32()), reader.u32()].join(' '),
  call: (reader) => String(reader.u32()),
  call_indirect: (reader) => `type ${reader.u32()} table ${reader.u32()}`,
  return_call_indirect: (reader) => `type ${reader.u32()} table ${reader.u32()}`,
  'local.get': (reader) => String(reader.u32()),
  'local.set': (reader) => String(reader.u32()),
  'local.tee': (reader) => String(reader.u32()),
  'table.get': (reader) => String(reader.u32()),
  'table.size': (reader) => String(reader.u32()),
  'i32.const': (reader) => String(reader.integer(32, true)),
  'i64.const': (reader) => String(reader.integer(64, true)),
  'f64.const': (reader) => String(reader.double()),
}

function operandsOf(name: string, reader: Reader): string {
  const isMemory = /\.(load|store|atomic)/.test(name)
  const text = isMemory ? `align ${reader.u32()} offset ${reader.u32()}` : (OPERANDS[name]?.(reader) ?? '')
  return text === '' ? '' : ` ${text}`
}
