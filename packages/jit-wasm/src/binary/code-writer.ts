import { ByteWriter } from './byte-writer.ts'
import { OP, TYPE, type ValueType } from './opcode.ts'

const double = new DataView(new ArrayBuffer(8))

/** The instructions of one function body, operands in the binary format's order. */
export class CodeWriter extends ByteWriter {
  /** Any instruction, without what follows its opcode. */
  op(opcode: number): void {
    if (opcode <= 0xff) this.byte(opcode)
    else {
      this.byte(opcode >>> 8)
      this.u32(opcode & 0xff)
    }
  }

  localGet(local: number): void {
    this.byte(OP['local.get'])
    this.u32(local)
  }

  localSet(local: number): void {
    this.byte(OP['local.set'])
    this.u32(local)
  }

  localTee(local: number): void {
    this.byte(OP['local.tee'])
    this.u32(local)
  }

  i32Const(value: number): void {
    this.byte(OP['i32.const'])
    this.s32(value)
  }

  /** A 64-bit constant by its words; by its lower word alone it is sign-extended. */
  i64Const(lo: number, hi: number = lo >> 31): void {
    this.byte(OP['i64.const'])
    this.s64(lo, hi)
  }

  f64Const(value: number): void {
    this.byte(OP['f64.const'])
    double.setFloat64(0, value, true)
    for (let at = 0; at < 8; at++) this.byte(double.getUint8(at))
  }

  /** A load, store or atomic. `alignment` is the binary logarithm of the hint in bytes, for atomics the access size. */
  memory(opcode: number, alignment: number, offsetBytes: number): void {
    this.op(opcode)
    this.u32(alignment)
    this.u32(offsetBytes)
  }

  /** Opens `block`, `loop` or `if`; without a result unless one is named. */
  open(
    opcode: typeof OP.block | typeof OP.loop | typeof OP.if,
    result: ValueType | typeof TYPE.empty = TYPE.empty,
  ): void {
    this.byte(opcode)
    this.byte(result)
  }

  /** `br`, `br_if`: leaves `depth` scopes besides the innermost. */
  branch(opcode: typeof OP.br | typeof OP.br_if, depth: number): void {
    this.byte(opcode)
    this.u32(depth)
  }

  /** `br_table` whose last label is also the default. */
  branchTable(depths: readonly number[]): void {
    this.byte(OP.br_table)
    this.u32(depths.length - 1)
    for (const depth of depths) this.u32(depth)
  }

  call(functionIndex: number): void {
    this.byte(OP.call)
    this.u32(functionIndex)
  }

  /** `call_indirect`, `return_call_indirect` through table 0. */
  callIndirect(opcode: typeof OP.call_indirect | typeof OP.return_call_indirect, typeIndex: number): void {
    this.byte(opcode)
    this.u32(typeIndex)
    this.u32(0)
  }

  /** `table.get`, `table.size` of table 0. */
  table(opcode: (typeof OP)['table.get'] | (typeof OP)['table.size']): void {
    this.op(opcode)
    this.u32(0)
  }
}
