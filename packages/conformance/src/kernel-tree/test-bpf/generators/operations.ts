import {
  BPF_ADD,
  BPF_AND,
  BPF_ARSH,
  BPF_DIV,
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JLE,
  BPF_JLT,
  BPF_JNE,
  BPF_JSET,
  BPF_JSGE,
  BPF_JSGT,
  BPF_JSLE,
  BPF_JSLT,
  BPF_LSH,
  BPF_MOD,
  BPF_MOV,
  BPF_MUL,
  BPF_OR,
  BPF_RSH,
  BPF_SUB,
  BPF_XOR,
} from '@bpfoundry/isa'

/** What an arithmetic operation makes of two u64; undefined for a division by zero, which generated programs leave out. */
type Arithmetic = (a: bigint, b: bigint) => bigint | undefined

// biome-ignore format: one row a line
const ARITHMETIC: ReadonlyMap<number, Arithmetic> = new Map<number, Arithmetic>([
  [BPF_MOV,  (_, b) => b],
  [BPF_AND,  (a, b) => a & b],
  [BPF_OR,   (a, b) => a | b],
  [BPF_XOR,  (a, b) => a ^ b],
  [BPF_LSH,  (a, b) => a << b],
  [BPF_RSH,  (a, b) => a >> b],
  [BPF_ARSH, (a, b) => BigInt.asIntN(64, a) >> b],
  [BPF_ADD,  (a, b) => a + b],
  [BPF_SUB,  (a, b) => a - b],
  [BPF_MUL,  (a, b) => a * b],
  [BPF_DIV,  (a, b) => (b === 0n ? undefined : a / b)],
  [BPF_MOD,  (a, b) => (b === 0n ? undefined : a % b)],
])

/** The 64-bit result of `operation`, by mathematics and not by an engine; operands of either sign. */
export function arithmeticResult(operation: number, a: bigint, b: bigint): bigint | undefined {
  const result = (ARITHMETIC.get(operation) as Arithmetic)(BigInt.asUintN(64, a), BigInt.asUintN(64, b))
  return result === undefined ? undefined : BigInt.asUintN(64, result)
}

const unsigned = (value: bigint): bigint => BigInt.asUintN(64, value)

// biome-ignore format: one row a line
const COMPARISONS: ReadonlyMap<number, (a: bigint, b: bigint) => boolean> = new Map([
  [BPF_JSET, (a, b) => (a & b) !== 0n],
  [BPF_JEQ,  (a, b) => a === b],
  [BPF_JNE,  (a, b) => a !== b],
  [BPF_JGT,  (a, b) => unsigned(a) > unsigned(b)],
  [BPF_JGE,  (a, b) => unsigned(a) >= unsigned(b)],
  [BPF_JLT,  (a, b) => unsigned(a) < unsigned(b)],
  [BPF_JLE,  (a, b) => unsigned(a) <= unsigned(b)],
  [BPF_JSGT, (a, b) => a > b],
  [BPF_JSGE, (a, b) => a >= b],
  [BPF_JSLT, (a, b) => a < b],
  [BPF_JSLE, (a, b) => a <= b],
])

/** Whether a conditional jump is taken, for operands as s64. */
export function jumpTaken(operation: number, a: bigint, b: bigint): boolean {
  return (COMPARISONS.get(operation) as (a: bigint, b: bigint) => boolean)(a, b)
}

/** The low word as a number, signed: for a field of an instruction. */
export const lowWord = (value: bigint): number => Number(BigInt.asIntN(32, value))

/** The high word as a number, signed. */
export const highWord = (value: bigint): number => Number(BigInt.asIntN(32, value >> 32n))

/** Zero-extended from 32 bits. */
export const u32 = (value: bigint): bigint => BigInt.asUintN(32, value)
