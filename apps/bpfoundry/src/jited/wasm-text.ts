import type { CodeLine } from './disassembler.ts'
import { type Immediate, WASM_OPCODES, type WasmOpcode } from './wasm-opcodes.ts'

/** Bytes of a module with a place in them. */
class WasmReader {
  readonly bytes: Uint8Array
  at: number

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes
    this.at = at
  }

  byte(): number {
    return this.bytes[this.at++] ?? 0
  }

  unsigned(): number {
    return Number(this.leb(false))
  }

  leb(signed: boolean): bigint {
    let value = 0n
    let shift = 0n
    for (;;) {
      const byte = this.byte()
      value |= BigInt(byte & 0x7f) << shift
      shift += 7n
      if (byte < 0x80) return signed && (byte & 0x40) !== 0 ? value - (1n << shift) : value
    }
  }

  text(): string {
    const length = this.unsigned()
    this.at += length
    return new TextDecoder().decode(this.bytes.subarray(this.at - length, this.at))
  }

  list<Item>(read: () => Item): Item[] {
    return Array.from({ length: this.unsigned() }, read)
  }
}

const VALUE_TYPES: Readonly<Record<number, string>> = { 127: 'i32', 126: 'i64', 125: 'f32', 124: 'f64', 112: 'funcref' }
const SECTION = { type: 1, import: 2, function: 3, code: 10 } as const
const HEADER_BYTES = 8

interface Module {
  /** `(param i32 i32) (result i32)` */
  readonly types: string[]
  /** Names of imported functions. */
  readonly imports: string[]
  /** Types of own functions. */
  readonly functions: number[]
}

/**
 * A module's functions as text in the manner of WAT, an instruction a line, nested by blanks. Offsets are those in the
 * module. Reads what `jit-wasm` writes: integer code, one table, one memory.
 */
export function readWasm(bytes: Uint8Array): CodeLine[] {
  const module: Module = { types: [], imports: [], functions: [] }
  const lines: CodeLine[] = []
  const reader = new WasmReader(bytes, HEADER_BYTES)
  while (reader.at < bytes.length) {
    const id = reader.byte()
    const end = reader.unsigned() + reader.at
    if (id === SECTION.type) module.types.push(...reader.list(() => readType(reader)))
    if (id === SECTION.import) module.imports.push(...reader.list(() => readImport(reader)).flat())
    if (id === SECTION.function) module.functions.push(...reader.list(() => reader.unsigned()))
    if (id === SECTION.code) lines.push(...readCode(reader, module))
    reader.at = end
  }
  return lines
}

function readType(reader: WasmReader): string {
  reader.byte()
  const types = (): string[] => reader.list(() => VALUE_TYPES[reader.byte()] ?? '?')
  const [parameters, results] = [types(), types()]
  const group = (name: string, list: readonly string[]): string =>
    list.length === 0 ? '' : ` (${name} ${list.join(' ')})`
  return `${group('param', parameters)}${group('result', results)}`
}

/** Limits of a table or memory: flags, minimum, and maximum where a flag says so. */
function skipLimits(reader: WasmReader): void {
  const flags = reader.byte()
  reader.unsigned()
  if ((flags & 1) !== 0) reader.unsigned()
}

/** The name where a function is imported; of a table, memory or global nothing. */
function readImport(reader: WasmReader): string[] {
  reader.text()
  const name = reader.text()
  const kind = reader.byte()
  if (kind === 0) reader.unsigned()
  if (kind === 1) reader.byte()
  if (kind === 1 || kind === 2) skipLimits(reader)
  if (kind === 3) reader.at += 2
  return kind === 0 ? [name] : []
}

function readCode(reader: WasmReader, module: Module): CodeLine[] {
  const functions = module.functions.map((type, index) => ({ type, number: module.imports.length + index }))
  reader.unsigned()
  return functions.flatMap(({ type, number }) => {
    const start = reader.at
    const end = reader.unsigned() + reader.at
    const locals = reader.list(() => `${reader.unsigned()} ${VALUE_TYPES[reader.byte()]}`)
    const head = `(func $${number}${module.types[type] ?? ''}${locals.length > 0 ? ` (local ${locals.join(', ')})` : ''}`
    const line = { offsetBytes: start, bytes: reader.bytes.slice(start, reader.at), text: head }
    return [line, ...readBody(reader, end, module)]
  })
}

const OPENS = new Set(['block', 'loop', 'if'])

function readBody(reader: WasmReader, end: number, module: Module): CodeLine[] {
  const lines: CodeLine[] = []
  let depth = 1
  while (reader.at < end) {
    const start = reader.at
    const { name, operands } = readInstruction(reader, module)
    if (name === 'end' || name === 'else') depth--
    const text = `${'  '.repeat(Math.max(0, depth))}${name}${operands === '' ? '' : ` ${operands}`}`
    lines.push({ offsetBytes: start, bytes: reader.bytes.slice(start, reader.at), text })
    if (OPENS.has(name) || name === 'else') depth++
  }
  return lines
}

interface Instruction {
  readonly name: string
  readonly operands: string
}

function readInstruction(reader: WasmReader, module: Module): Instruction {
  const first = reader.byte()
  const prefix = first === 0xfc || first === 0xfe ? first : 0
  const opcode = prefix === 0 ? first : reader.unsigned()
  const known: WasmOpcode = WASM_OPCODES.get(prefix)?.get(opcode) ?? {
    name: `opcode 0x${prefix === 0 ? '' : `${prefix.toString(16)} `}${opcode.toString(16)}`,
    immediate: 'none',
  }
  const operands = READERS[known.immediate](reader)
  if (known.name !== 'call') return { name: known.name, operands }
  const imported = module.imports[Number(operands)]
  return { name: 'call', operands: imported === undefined ? `$${operands}` : `$${operands} (${imported})` }
}

/** 0x40 is a block without results, else a value type or a number of a type. */
function readBlockType(reader: WasmReader): string {
  const type = Number(reader.leb(true))
  if (type === -0x40) return ''
  return type < 0 ? `(result ${VALUE_TYPES[type & 0x7f]})` : `(type ${type})`
}

function readMemoryOperand(reader: WasmReader): string {
  const align = reader.unsigned()
  const offset = reader.unsigned()
  return `${offset === 0 ? '' : `offset=${offset} `}align=${2 ** align}`
}

function readFloat(reader: WasmReader, bytes: 4 | 8): string {
  const view = new DataView(reader.bytes.buffer, reader.bytes.byteOffset + reader.at, bytes)
  reader.at += bytes
  return String(bytes === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true))
}

// biome-ignore format: table
const READERS: Readonly<Record<Immediate, (reader: WasmReader) => string>> = {
  none:          () => '',
  block:         readBlockType,
  index:         (reader) => String(reader.unsigned()),
  'two-indexes': (reader) => { const type = reader.unsigned(); return `${reader.unsigned()} (type ${type})` },
  table:         (reader) => [...reader.list(() => reader.unsigned()), reader.unsigned()].join(' '),
  memory:        readMemoryOperand,
  s32:           (reader) => String(reader.leb(true)),
  s64:           (reader) => String(reader.leb(true)),
  f32:           (reader) => readFloat(reader, 4),
  f64:           (reader) => readFloat(reader, 8),
  zero:          (reader) => { reader.unsigned(); return '' },
  'two-zeros':   (reader) => { reader.unsigned(); reader.unsigned(); return '' },
}
