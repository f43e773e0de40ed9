import { ByteWriter } from './byte-writer.ts'
import { CodeWriter } from './code-writer.ts'
import { OP, TYPE, type ValueType } from './opcode.ts'

/** Parameters and results of a function. */
export interface FunctionType {
  readonly parameters: readonly ValueType[]
  readonly results: readonly ValueType[]
}

/** A function of the module. */
export interface FunctionCode {
  readonly type: number
  /** Writes its instructions without the last `end`; answers the types of its locals behind the parameters. */
  write(body: CodeWriter): readonly ValueType[]
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
  section(out, SECTION.type, () => typeSection(out, module.types))
  section(out, SECTION.import, () => importSection(out, module))
  section(out, SECTION.function, () => functionSection(out, module.functions))
  section(out, SECTION.export, () => exportSection(out, module.entry))
  const bodyOffsetsBytes: number[] = []
  section(out, SECTION.code, () => codeSection(out, module.functions, bodyOffsetsBytes))
  return { bytes: out.view().slice(), bodyOffsetsBytes }
}

function section(out: ByteWriter, id: number, content: () => void): void {
  out.byte(id)
  const start = out.beginLength()
  content()
  out.endLength(start)
}

function typeSection(out: ByteWriter, types: readonly FunctionType[]): void {
  out.u32(types.length)
  for (const { parameters, results } of types) {
    out.byte(TYPE.func)
    for (const list of [parameters, results]) {
      out.u32(list.length)
      for (const type of list) out.byte(type)
    }
  }
}

function importSection(out: ByteWriter, { imports, usesTable }: ModuleCode): void {
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
}

function importName(out: ByteWriter, module: string, name: string, kind: number): void {
  out.name(module)
  out.name(name)
  out.byte(kind)
}

function functionSection(out: ByteWriter, functions: readonly FunctionCode[]): void {
  out.u32(functions.length)
  for (const { type } of functions) out.u32(type)
}

function exportSection(out: ByteWriter, entry: number): void {
  out.u32(1)
  out.name('entry')
  out.byte(IMPORT.function)
  out.u32(entry)
}

function codeSection(out: ByteWriter, functions: readonly FunctionCode[], bodyOffsetsBytes: number[]): void {
  // Which locals a function has is known once its instructions are, which they stand before.
  const body = new CodeWriter()
  out.u32(functions.length)
  for (const code of functions) {
    body.clear()
    const locals = code.write(body)
    const start = out.beginLength()
    localDeclarations(out, locals)
    bodyOffsetsBytes.push(out.length)
    out.append(body)
    out.byte(OP.end)
    out.endLength(start)
  }
}

/** Locals of one type in a row share a declaration. */
function localDeclarations(out: ByteWriter, locals: readonly ValueType[]): void {
  const starts = locals.map((_, at) => at).filter((at) => at === 0 || locals[at] !== locals[at - 1])
  out.u32(starts.length)
  for (const [run, start] of starts.entries()) {
    out.u32((starts[run + 1] ?? locals.length) - start)
    out.byte(locals[start] as ValueType)
  }
}
