/** The translation of each opcode: what is not here, no card does. */
import {
  BPF_ABS,
  BPF_ADD,
  BPF_ALU,
  BPF_ALU64,
  BPF_AND,
  BPF_ARSH,
  BPF_ATOMIC,
  BPF_B,
  BPF_CALL,
  BPF_DIV,
  BPF_DW,
  BPF_END,
  BPF_EXIT,
  BPF_H,
  BPF_IMM,
  BPF_IND,
  BPF_JA,
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JLE,
  BPF_JLT,
  BPF_JMP,
  BPF_JMP32,
  BPF_JNE,
  BPF_JSET,
  BPF_JSGE,
  BPF_JSGT,
  BPF_JSLE,
  BPF_JSLT,
  BPF_K,
  BPF_LD,
  BPF_LDX,
  BPF_LSH,
  BPF_MEM,
  BPF_MOV,
  BPF_MUL,
  BPF_NEG,
  BPF_OR,
  BPF_RSH,
  BPF_ST,
  BPF_STX,
  BPF_SUB,
  BPF_W,
  BPF_X,
  BPF_XOR,
} from '@bpfoundry/isa'
import * as alu from './arithmetic.ts'
import { atomicAdd } from './atomic-add.ts'
import { toBigEndian } from './byte-order.ts'
import { exit } from './calls.ts'
import { loadAbsolute, loadIndirect } from './classic-load.ts'
import { divideConstant, divideRegister } from './divide.ts'
import { call } from './helper-calls.ts'
import * as jumps from './jumps.ts'
import type { Lower } from './lowering.ts'
import { load } from './memory-load.ts'
import { store, storeConstant } from './memory-store.ts'
import { immediateStart, move32, move64, moveConstant32, moveConstant64 } from './moves.ts'
import { multiply64, multiplyConstant32, multiplyConstant64, multiplyRegister32 } from './multiply.ts'
import * as shift32 from './shift32.ts'
import * as constant64 from './shift64-constant.ts'
import * as register64 from './shift64-register.ts'

type Row = readonly [operation: number, withRegister: Lower, withConstant: Lower]

// biome-ignore format: table
const ALU64: readonly Row[] = [
  [BPF_MOV,  move64,                        moveConstant64],
  [BPF_XOR,  alu.xor64,                     alu.xorConstant64],
  [BPF_AND,  alu.and64,                     alu.andConstant64],
  [BPF_OR,   alu.or64,                      alu.orConstant64],
  [BPF_ADD,  alu.add64,                     alu.addConstant64],
  [BPF_SUB,  alu.subtract64,                alu.subtractConstant64],
  [BPF_MUL,  multiply64,                    multiplyConstant64],
  [BPF_DIV,  divideRegister,                divideConstant],
  [BPF_LSH,  register64.shiftLeft64,        constant64.shiftLeftConstant64],
  [BPF_RSH,  register64.shiftRight64,       constant64.shiftRightConstant64],
  [BPF_ARSH, register64.shiftArithmetic64,  constant64.shiftArithmeticConstant64],
]

// biome-ignore format: table
const ALU32: readonly Row[] = [
  [BPF_MOV,  move32,                        moveConstant32],
  [BPF_XOR,  alu.xor32,                     alu.xorConstant32],
  [BPF_AND,  alu.and32,                     alu.andConstant32],
  [BPF_OR,   alu.or32,                      alu.orConstant32],
  [BPF_ADD,  alu.add32,                     alu.addConstant32],
  [BPF_SUB,  alu.subtract32,                alu.subtractConstant32],
  [BPF_MUL,  multiplyRegister32,            multiplyConstant32],
  [BPF_DIV,  divideRegister,                divideConstant],
  [BPF_LSH,  shift32.shiftLeft32,           shift32.shiftLeftConstant32],
  [BPF_RSH,  shift32.shiftRight32,          shift32.shiftRightConstant32],
  [BPF_ARSH, shift32.shiftArithmetic32,     shift32.shiftArithmeticConstant32],
]

/** Both widths; the comparisons by subtraction share their translation. */
const COMPARISONS = [BPF_JGT, BPF_JGE, BPF_JLT, BPF_JLE, BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE]

// biome-ignore format: table
const JUMPS: readonly Row[] = [
  ...COMPARISONS.map((op): Row => [op, jumps.compareRegister, jumps.compareConstant]),
  [BPF_JNE,  jumps.jumpIfNotEqual, jumps.jumpIfNotEqualConstant],
  [BPF_JSET, jumps.jumpIfSet,      jumps.jumpIfSetConstant],
]

const JUMPS64: readonly Row[] = [...JUMPS, [BPF_JEQ, jumps.jumpIfEqual, jumps.jumpIfEqualConstant64]]
const JUMPS32: readonly Row[] = [...JUMPS, [BPF_JEQ, jumps.jumpIfEqual, jumps.jumpIfEqualConstant32]]

const both = (cls: number, rows: readonly Row[]): [number, Lower][] =>
  rows.flatMap(([op, withRegister, withConstant]): [number, Lower][] => [
    [cls | op | BPF_X, withRegister],
    [cls | op | BPF_K, withConstant],
  ])

const sizes = (opcode: number, lower: Lower, of: readonly number[]): [number, Lower][] =>
  of.map((size) => [opcode | size, lower])

const ALL_SIZES = [BPF_B, BPF_H, BPF_W, BPF_DW]
const CLASSIC_SIZES = [BPF_B, BPF_H, BPF_W]

/** By opcode. @see instr_cb in nfp/bpf/jit.c */
// biome-ignore format: table
export const LOWERINGS: ReadonlyMap<number, Lower> = new Map<number, Lower>([
  ...both(BPF_ALU64, ALU64),
  ...both(BPF_ALU, ALU32),
  ...both(BPF_JMP, JUMPS64),
  ...both(BPF_JMP32, JUMPS32),
  [BPF_ALU64 | BPF_NEG,          alu.negate64],
  [BPF_ALU | BPF_NEG,            alu.negate32],
  [BPF_ALU | BPF_END | BPF_X,    toBigEndian],
  [BPF_LD | BPF_IMM | BPF_DW,    immediateStart],
  ...sizes(BPF_LD | BPF_ABS,     loadAbsolute, CLASSIC_SIZES),
  ...sizes(BPF_LD | BPF_IND,     loadIndirect, CLASSIC_SIZES),
  ...sizes(BPF_LDX | BPF_MEM,    load, ALL_SIZES),
  ...sizes(BPF_STX | BPF_MEM,    store, ALL_SIZES),
  ...sizes(BPF_ST | BPF_MEM,     storeConstant, ALL_SIZES),
  ...sizes(BPF_STX | BPF_ATOMIC, atomicAdd, [BPF_W, BPF_DW]),
  [BPF_JMP | BPF_JA,             jumps.jump],
  [BPF_JMP | BPF_CALL,           call],
  [BPF_JMP | BPF_EXIT,           exit],
])

/** Whether there is a translation of an opcode. Its operands may still be refused. */
export function isTranslatedOpcode(opcode: number): boolean {
  return LOWERINGS.has(opcode)
}
