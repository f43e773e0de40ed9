/** What follows an opcode in the binary format. */
export type Immediate =
  | 'none'
  | 'block'
  | 'index'
  | 'two-indexes'
  | 'table'
  | 'memory'
  | 's32'
  | 's64'
  | 'f32'
  | 'f64'
  | 'zero'
  | 'two-zeros'

type Range = readonly [first: number, immediate: Immediate, names: string]

/**
 * The instructions of WebAssembly that an integer program can hold, in runs of neighbouring opcodes, as the binary format
 * lists them.
 *
 * @see https://webassembly.github.io/spec/core/binary/instructions.html
 */
// biome-ignore format: table
const RANGES: readonly Range[] = [
  [0x00, 'none',        'unreachable nop'],
  [0x02, 'block',       'block loop if'],
  [0x05, 'none',        'else'],
  [0x0b, 'none',        'end'],
  [0x0c, 'index',       'br br_if'],
  [0x0e, 'table',       'br_table'],
  [0x0f, 'none',        'return'],
  [0x10, 'index',       'call'],
  [0x11, 'two-indexes', 'call_indirect'],
  [0x12, 'index',       'return_call'],
  [0x13, 'two-indexes', 'return_call_indirect'],
  [0x1a, 'none',        'drop select'],
  [0x20, 'index',       'local.get local.set local.tee global.get global.set table.get table.set'],
  [0x28, 'memory',      'i32.load i64.load f32.load f64.load i32.load8_s i32.load8_u i32.load16_s i32.load16_u ' +
                        'i64.load8_s i64.load8_u i64.load16_s i64.load16_u i64.load32_s i64.load32_u ' +
                        'i32.store i64.store f32.store f64.store i32.store8 i32.store16 i64.store8 i64.store16 i64.store32'],
  [0x3f, 'zero',        'memory.size memory.grow'],
  [0x41, 's32',         'i32.const'],
  [0x42, 's64',         'i64.const'],
  [0x43, 'f32',         'f32.const'],
  [0x44, 'f64',         'f64.const'],
  [0x45, 'none',        'i32.eqz i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u ' +
                        'i64.eqz i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u ' +
                        'f32.eq f32.ne f32.lt f32.gt f32.le f32.ge f64.eq f64.ne f64.lt f64.gt f64.le f64.ge ' +
                        'i32.clz i32.ctz i32.popcnt i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u ' +
                        'i32.and i32.or i32.xor i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr ' +
                        'i64.clz i64.ctz i64.popcnt i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s i64.rem_u ' +
                        'i64.and i64.or i64.xor i64.shl i64.shr_s i64.shr_u i64.rotl i64.rotr ' +
                        'f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt f32.add f32.sub f32.mul f32.div f32.min f32.max f32.copysign ' +
                        'f64.abs f64.neg f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt f64.add f64.sub f64.mul f64.div f64.min f64.max f64.copysign ' +
                        'i32.wrap_i64 i32.trunc_f32_s i32.trunc_f32_u i32.trunc_f64_s i32.trunc_f64_u ' +
                        'i64.extend_i32_s i64.extend_i32_u i64.trunc_f32_s i64.trunc_f32_u i64.trunc_f64_s i64.trunc_f64_u ' +
                        'f32.convert_i32_s f32.convert_i32_u f32.convert_i64_s f32.convert_i64_u f32.demote_f64 ' +
                        'f64.convert_i32_s f64.convert_i32_u f64.convert_i64_s f64.convert_i64_u f64.promote_f32 ' +
                        'i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64 ' +
                        'i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s'],
]

/** Behind the prefix 0xfc. */
// biome-ignore format: table
const BULK: readonly Range[] = [
  [0x00, 'none',        'i32.trunc_sat_f32_s i32.trunc_sat_f32_u i32.trunc_sat_f64_s i32.trunc_sat_f64_u ' +
                        'i64.trunc_sat_f32_s i64.trunc_sat_f32_u i64.trunc_sat_f64_s i64.trunc_sat_f64_u'],
  [0x0a, 'two-zeros',   'memory.copy'],
  [0x0b, 'zero',        'memory.fill'],
]

const ATOMIC_OPERATIONS = ['add', 'sub', 'and', 'or', 'xor', 'xchg', 'cmpxchg']
const ATOMIC_SHAPES = (operation: string): string =>
  [
    `i32.atomic.rmw.${operation}`,
    `i64.atomic.rmw.${operation}`,
    ...['i32.atomic.rmw8', 'i32.atomic.rmw16', 'i64.atomic.rmw8', 'i64.atomic.rmw16', 'i64.atomic.rmw32'].map(
      (shape) => `${shape}.${operation}_u`,
    ),
  ].join(' ')

/** Behind the prefix 0xfe. @see https://github.com/WebAssembly/threads */
// biome-ignore format: table
const ATOMIC: readonly Range[] = [
  [0x00, 'memory',      'memory.atomic.notify memory.atomic.wait32 memory.atomic.wait64'],
  [0x03, 'zero',        'atomic.fence'],
  [0x10, 'memory',      'i32.atomic.load i64.atomic.load i32.atomic.load8_u i32.atomic.load16_u i64.atomic.load8_u i64.atomic.load16_u i64.atomic.load32_u ' +
                        'i32.atomic.store i64.atomic.store i32.atomic.store8 i32.atomic.store16 i64.atomic.store8 i64.atomic.store16 i64.atomic.store32'],
  [0x1e, 'memory',      ATOMIC_OPERATIONS.map(ATOMIC_SHAPES).join(' ')],
]

/** An instruction's name and what follows it. */
export interface WasmOpcode {
  readonly name: string
  readonly immediate: Immediate
}

function table(ranges: readonly Range[]): ReadonlyMap<number, WasmOpcode> {
  return new Map(
    ranges.flatMap(([first, immediate, names]) =>
      names.split(' ').map((name, index) => [first + index, { name, immediate }] as const),
    ),
  )
}

/** By prefix (0 for none) and opcode. */
export const WASM_OPCODES: ReadonlyMap<number, ReadonlyMap<number, WasmOpcode>> = new Map([
  [0, table(RANGES)],
  [0xfc, table(BULK)],
  [0xfe, table(ATOMIC)],
])
