import type { ClassicInsn } from '@bpfoundry/cbpf'
import {
  BPF_ADD,
  BPF_AND,
  BPF_ARSH,
  BPF_CMPXCHG,
  BPF_DIV,
  BPF_DW,
  BPF_FETCH,
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
  BPF_W,
  BPF_XCHG,
  BPF_XOR,
  type Insn,
} from '@bpfoundry/isa'
import { aluPattern, type Source, type Width } from './alu-patterns.ts'
import { aluImmediateRegisters, aluRegisterPairs } from './alu-registers.ts'
import { shifts, shiftsBySameRegister } from './alu-shifts.ts'
import { atomicPattern, compareExchangePattern } from './atomic-patterns.ts'
import { atomicRegisterPairs } from './atomic-registers.ts'
import * as classic from './classic-programs.ts'
import { loadBytes, loadMagnitudes } from './immediate-loads.ts'
import { jumpPattern } from './jump-patterns.ts'
import { atomicAdditions, farthestJump, jumpsInwards, jumpToTheEndAndBack, MAXIMUM_INSNS } from './long-programs.ts'
import { staggeredConditionalJumps, staggeredJumps } from './staggered-jumps.ts'

/** Makes a program for a test whose first expected result is `result`. */
type InternalGenerator = (result: number) => readonly Insn[]
type ClassicGenerator = () => readonly ClassicInsn[]

/** By the names that the kernel's functions have. */
type Codes = Readonly<Record<string, number>>
type Row<Generator> = readonly [name: string, generator: Generator]

const WIDTHS: readonly Width[] = [64, 32]
const SOURCES: readonly Source[] = ['imm', 'reg']
// biome-ignore format: one group a line
const UNSHIFTED: Codes = {
  mov: BPF_MOV, and: BPF_AND, or: BPF_OR, xor: BPF_XOR,
  add: BPF_ADD, sub: BPF_SUB, mul: BPF_MUL, div: BPF_DIV, mod: BPF_MOD,
}
const SHIFTS: Codes = { lsh: BPF_LSH, rsh: BPF_RSH, arsh: BPF_ARSH }
const ARITHMETIC: Codes = { ...UNSHIFTED, ...SHIFTS }
const ATOMIC_ARITHMETIC: Codes = { add: BPF_ADD, and: BPF_AND, or: BPF_OR, xor: BPF_XOR }
const ATOMIC: Codes = {
  ...ATOMIC_ARITHMETIC,
  ...Object.fromEntries(Object.entries(ATOMIC_ARITHMETIC).map(([name, code]) => [`${name}_fetch`, code | BPF_FETCH])),
  xchg: BPF_XCHG,
}
// biome-ignore format: one group a line
const JUMPS: Codes = {
  jset: BPF_JSET, jeq: BPF_JEQ, jne: BPF_JNE,
  jgt: BPF_JGT, jge: BPF_JGE, jlt: BPF_JLT, jle: BPF_JLE,
  jsgt: BPF_JSGT, jsge: BPF_JSGE, jslt: BPF_JSLT, jsle: BPF_JSLE,
}

/** One row for each width and code. */
function family(
  codes: Codes,
  name: (width: Width, code: string) => string,
  make: (width: Width, code: number, result: number) => readonly Insn[],
): Row<InternalGenerator>[] {
  return WIDTHS.flatMap((width) =>
    Object.entries(codes).map(
      ([code, value]): Row<InternalGenerator> => [name(width, code), (result) => make(width, value, result)],
    ),
  )
}

/** As {@link family}, and for each kind of second operand. */
function familyBySource(
  codes: Codes,
  name: (width: Width, code: string, source: Source) => string,
  make: (width: Width, source: Source, code: number, result: number) => readonly Insn[],
): Row<InternalGenerator>[] {
  return SOURCES.flatMap((source) =>
    family(
      codes,
      (width, code) => name(width, code, source),
      (width, code, result) => make(width, source, code, result),
    ),
  )
}

/** Of a 32-bit form: jump names have nothing for 64 bits. */
const bits = (width: Width): string => (width === 32 ? '32' : '')

// biome-ignore format: one row a line
const FAMILIES: readonly Row<InternalGenerator>[] = [
  ...familyBySource(UNSHIFTED, (width, code, source) => `alu${width}_${code}_${source}`, aluPattern),
  ...familyBySource(SHIFTS, (width, code, source) => `alu${width}_${code}_${source}`, shifts),
  ...family(SHIFTS, (width, code) => `alu${width}_${code}_same_reg`, shiftsBySameRegister),
  ...family(ARITHMETIC, (width, code) => `alu${width}_${code}_imm_regs`, aluImmediateRegisters),
  ...family(ARITHMETIC, (width, code) => `alu${width}_${code}_reg_pairs`, aluRegisterPairs),
  ...family(ATOMIC, (width, code) => `atomic${width}_${code}`, atomicPattern),
  ...family({ cmpxchg: BPF_CMPXCHG }, (width, code) => `${code}${width}`, compareExchangePattern),
  ...family({ ...ATOMIC, cmpxchg: BPF_CMPXCHG }, (width, code) => `atomic${width}_${code}_reg_pairs`, atomicRegisterPairs),
  ...familyBySource(JUMPS, (width, code, source) => `jmp${bits(width)}_${code}_${source}`, jumpPattern),
  ...familyBySource(JUMPS, (width, code, source) => `staggered_${code}${bits(width)}_${source}`, staggeredConditionalJumps),
]

// biome-ignore format: one row a line
const SINGLE: Readonly<Record<string, InternalGenerator>> = {
  staggered_ja:         staggeredJumps,
  ld_imm64_magn:        loadMagnitudes,
  ld_imm64_checker:     () => loadBytes({ base: 0x00, mask: 0xff }, { base: 0xff, mask: 0xff }),
  ld_imm64_pos_neg:     () => loadBytes({ base: 0x01, mask: 0x81 }, { base: 0x80, mask: 0x80 }),
  ld_imm64_pos_zero:    () => loadBytes({ base: 0x01, mask: 0x81 }, { base: 0x00, mask: 0xff }),
  ld_imm64_neg_zero:    () => loadBytes({ base: 0x80, mask: 0x80 }, { base: 0x00, mask: 0xff }),
  max_jmp_taken:        () => farthestJump(BPF_JEQ, 1),
  max_jmp_not_taken:    () => farthestJump(BPF_JEQ, 0),
  max_jmp_always_taken: () => farthestJump(BPF_JGE, 0),
  max_jmp_never_taken:  () => farthestJump(BPF_JLT, 0),
  stxw:                 () => atomicAdditions(BPF_W),
  stxdw:                () => atomicAdditions(BPF_DW),
  maxinsns9:            jumpToTheEndAndBack,
  maxinsns10:           jumpsInwards,
}

// biome-ignore format: one row a line
const CLASSIC: Readonly<Record<string, ClassicGenerator>> = {
  maxinsns1:               classic.returnsCountingDown,
  maxinsns2:               () => classic.equalReturns(MAXIMUM_INSNS),
  maxinsns3:               classic.randomAdditions,
  maxinsns4:               () => classic.equalReturns(MAXIMUM_INSNS + 1),
  maxinsns5:               () => classic.jumpToTheEnd('returns'),
  maxinsns6:               classic.vlanTagLoads,
  maxinsns7:               classic.processorLoads,
  maxinsns8:               classic.jumpsNeverTaken,
  maxinsns11:              () => classic.jumpsInBlocks(MAXIMUM_INSNS, 68),
  maxinsns12:              () => classic.jumpToTheEnd('header lengths'),
  maxinsns13:              classic.headerLengthLoads,
  ja:                      () => classic.jumpsInBlocks(12, 9),
  ld_abs_get_processor_id: classic.packetAndProcessorLoads,
}

const byFunction = <Generator>(rows: readonly Row<Generator>[]): ReadonlyMap<string, Generator> =>
  new Map(rows.map(([name, generator]) => [`bpf_fill_${name}`, generator]))

/**
 * What the functions of lib/test_bpf.c that fill in programs make, by the names that its tables have for them. Only the
 * names are read from the user's tree. The programs are the same word for word, but for r0 after a failed check, where
 * the kernel has the line of its source (see `expectValue`).
 */
export const INTERNAL_GENERATORS: ReadonlyMap<string, InternalGenerator> = byFunction([
  ...FAMILIES,
  ...Object.entries(SINGLE),
])

/** Those of classic programs. */
export const CLASSIC_GENERATORS: ReadonlyMap<string, ClassicGenerator> = byFunction(Object.entries(CLASSIC))
