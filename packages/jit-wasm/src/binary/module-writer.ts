import { ByteWriter } from './byte-writer.ts'
import type { CodeWriter } from './code-writer.ts'
import { OP, TYPE, type ValueType } from './opcode.ts'

/** Parameters and results of a function. */
export interface FunctionType {
  readonly parameters: readonly ValueType[]
  readonly results: readonly ValueType[]
}

/** A function of the module: what it takes, its further locals in order, its instructions without the last `end`. */
export interface FunctionCode {
  readonly type: number
  readonly locals: readonly ValueType[]
  readonly body: CodeWriter
}

/** A module as sections need it. Function indices count the imported ones first. */
export interface ModuleCode {
  readonly types: readonly FunctionType[]
  /** Imported functions, by names in the module name `functions`. */
  readonly imports: readonly { readonly name: string; readonly type: number }[]
  /** Whether table 0 is imported: `env.programs`. */
  readonly usesTable: boolean
  readonly functions: readonly FunctionCode[]
  /** Index of the function that is exported as `entry`. */
  readonly entry: number
}

/** A module's bytes, and where in them the instructions of each function begin. */
export interface ModuleBytes {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly bodyOffsetsBytes: readonly number[]
}

/** Pages of the largest memory: 4 GiB. An imported shared memory must promise no more than this. */
const MAXIMUM_PAGES = 65_536
const SHARED_WITH_MAXIMUM = 3
const IMPORT = { function: 0, table: 1, memory: 2 } as const
const SECTION = { type: 1, import: 2, function: 3, export: 7, code: 10 } as const

/** Encodes a module, section by section in the binary format's order. @see WebAssembly core specification, 5.5 */
export function encodeModule(module: ModuleCode): ModuleBytes {
  const out = new ByteWriter()
  for (const byte of [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]) out.byte(byte)
  section(out, SECTION.type, typeSection(module.types))
  section(out, SECTION.import, importSection(module))
  section(out, SECTION.function, functionSection(module.functions))
  section(out, SECTION.export, exportSection(module.entry))
  const code = codeSection(module.functions)
  section(out, SECTION.code, code.content)
  const start = out.length - code.content.length
  return { bytes: out.view().slice(), bodyOffsetsBytes: code.offsetsBytes.map((offset) => start + offset) }
}

function section(out: ByteWriter, id: number, content: ByteWriter): void {
  out.byte(id)
  out.u32(content.length)
  out.append(content)
}

function typeSection(types: readonly FunctionType[]): ByteWriter {
  const out = new ByteWriter()
  out.u32(types.length)
  for (const { parameters, results } of types) {
    out.byte(TYPE.func)
    for (const list of [parameters, results]) {
      out.u32(list.length)
      for (const type of list) out.byte(type)
    }
  }
  return out
}

function importSection({ imports, usesTable }: ModuleCode): ByteWriter {
  const out = new ByteWriter()
  out.u32(imports.length + (usesTable ? 2 : 1))
  importName(out, 'env', 'memory', IMPORT.memory)
  out.byte(SHARED_WITH_MAXIMUM)
  out.u32(0)
  out.u32(MAXIMUM_PAGES)
  if (usesTable) {
    importName(out, 'env', 'programs', IMPORT.table)
    out.byte(TYPE.funcref)
    out.byte(0)
    out.u32(0)
  }
  for (const { name, type } of imports) {
    importName(out, 'functions', name, IMPORT.function)
    out.u32(type)
  }
  return out
}

function importName(out: ByteWriter, module: string, name: string, kind: number): void {
  out.name(module)
  out.name(name)
  out.byte(kind)
}

function functionSection(functions: readonly FunctionCode[]): ByteWriter {
  const out = new ByteWriter()
  out.u32(functions.length)
  for (const { type } of functions) out.u32(type)
  return out
}

function exportSection(entry: number): ByteWriter {
  const out = new ByteWriter()
  out.u32(1)
  out.name('entry')
  out.byte(IMPORT.function)
  out.u32(entry)
  return out
}

function codeSection(functions: readonly FunctionCode[]): { content: ByteWriter; offsetsBytes: number[] } {
  const content = new ByteWriter()
  const offsetsBytes: number[] = []
  content.u32(functions.length)
  for (const { locals, body } of functions) {
    const declarations = localDeclarations(locals)
    content.u32(declarations.length + body.length + 1)
    content.append(declarations)
    offsetsBytes.push(content.length)
    content.append(body)
    content.byte(OP.end)
  }
  return { content, offsetsBytes }
}

/** Locals of one type in a row share a declaration. */
function localDeclarations(locals: readonly ValueType[]): ByteWriter {
  const out = new ByteWriter()
  const starts = locals.map((_, at) => at).filter((at) => at === 0 || locals[at] !== locals[at - 1])
  out.u32(starts.length)
  for (const [run, start] of starts.entries()) {
    out.u32((starts[run + 1] ?? locals.length) - start)
    out.byte(locals[start] as ValueType)
  }
  return out
}
