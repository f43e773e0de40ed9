/**
 * Look-up of BPF_MAP_TYPE_LPM_TRIE for data of 4, 8 or 16 bytes: r2 is the key's address. Data is compared as big-endian
 * numbers, whose first bits are the prefix's. Where a writer is at work the helper does it.
 */
import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_AND,
  BPF_DW,
  BPF_ENDIAN,
  BPF_EXIT_INSN,
  BPF_JEQ,
  BPF_JGT,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_JMP_REG,
  BPF_JMP32_IMM,
  BPF_JMP32_REG,
  BPF_JNE,
  BPF_JSET,
  BPF_LDX_MEM,
  BPF_LSH,
  BPF_MOV32_IMM,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_2,
  BPF_REG_3,
  BPF_REG_4,
  BPF_REG_5,
  BPF_REG_6,
  BPF_REG_7,
  BPF_REG_8,
  BPF_REG_9,
  BPF_RSH,
  BPF_SUB,
  BPF_TO_BE,
  BPF_W,
  BPF_XOR,
  type Insn,
} from '@bpfoundry/isa'
import { CHILD, DATA_OFFSET, INTERMEDIATE, LENGTH, LENGTH_BYTES, ROOT, type TrieGeometry } from '../lpm-trie-map.ts'
import { answer, callHelper } from './inline-call.ts'
import { jump, label, type Steps, sequence } from './insn-sequence.ts'
import { loadAcquire } from './lock-insns.ts'

const [FOUND, NODE, KEY] = [BPF_REG_0, BPF_REG_1, BPF_REG_2]
/** The first (up to 64) bits of the key's data, and the length of its prefix. */
const [DATA, KEY_LENGTH] = [BPF_REG_3, BPF_REG_4]
const [LENGTH_HERE, SEEN, STEPS] = [BPF_REG_5, BPF_REG_6, BPF_REG_7]
const [T, U] = [BPF_REG_8, BPF_REG_9]

/** Lengths of data that there are instructions for. */
export const TRIE_DATA_BYTES: readonly number[] = [4, 8, 16]

/** register = data at `base + offset`, the first bit its highest; `bits` of it. */
function loadData(register: number, base: number, offset: number, bits: number): Insn[] {
  return [BPF_LDX_MEM(bits === 32 ? BPF_W : BPF_DW, register, base, offset), BPF_ENDIAN(BPF_TO_BE, register, bits)]
}

/** On to `end` unless the `high - LENGTH_HERE` lowest bits are the only ones in which T differs from zero. */
function onlyLowBits(high: number): Steps {
  return [
    BPF_MOV64_IMM(U, high),
    BPF_ALU64_REG(BPF_SUB, U, LENGTH_HERE),
    BPF_ALU64_REG(BPF_RSH, T, U),
    jump(BPF_JMP_IMM(BPF_JNE, T, 0, 0), 'end'),
  ]
}

/** T = first bits of the node's data, those of the key taken off. */
function difference(bits: number): Steps {
  return [loadData(T, NODE, DATA_OFFSET, bits), BPF_ALU64_REG(BPF_XOR, T, DATA)]
}

/** On to `end` unless the node's prefix is one of the key's data. */
function matchPrefix(dataBytes: number): Steps {
  if (dataBytes === 4) return [difference(32), onlyLowBits(32)]
  // A shift by 64 would be one by 0: a prefix of no bits fits anything.
  const any = jump(BPF_JMP_IMM(BPF_JEQ, LENGTH_HERE, 0, 0), 'fits')
  if (dataBytes === 8) return [any, difference(64), onlyLowBits(64), label('fits')]
  return [
    any,
    difference(64),
    jump(BPF_JMP_IMM(BPF_JGT, LENGTH_HERE, 64, 0), 'second half'),
    onlyLowBits(64),
    jump(BPF_JMP_A(0), 'fits'),
    label('second half'),
    jump(BPF_JMP_IMM(BPF_JNE, T, 0, 0), 'end'),
    BPF_LDX_MEM(BPF_DW, T, NODE, DATA_OFFSET + 8),
    BPF_LDX_MEM(BPF_DW, U, KEY, LENGTH_BYTES + 8),
    BPF_ALU64_REG(BPF_XOR, T, U),
    BPF_ENDIAN(BPF_TO_BE, T, 64),
    onlyLowBits(128),
    label('fits'),
  ]
}

/** T = the key's bit behind the node's prefix. */
function nextBit(dataBytes: number): Steps {
  const bits = Math.min(64, dataBytes * 8)
  const first: Steps = [BPF_MOV64_REG(T, DATA), BPF_MOV64_IMM(U, bits - 1)]
  const second: Steps = [
    jump(BPF_JMP_IMM(BPF_JGT, LENGTH_HERE, 63, 0), 'bit of second half'),
    first,
    jump(BPF_JMP_A(0), 'bit'),
    label('bit of second half'),
    loadData(T, KEY, LENGTH_BYTES + 8, 64),
    BPF_MOV64_IMM(U, 127),
    label('bit'),
  ]
  return [
    dataBytes === 16 ? second : first,
    BPF_ALU64_REG(BPF_SUB, U, LENGTH_HERE),
    BPF_ALU64_REG(BPF_RSH, T, U),
    BPF_ALU64_IMM(BPF_AND, T, 1),
  ]
}

/** From node to node, as LpmTrieMap.match; bounded, too. */
function walk(dataBytes: number): Steps {
  return [
    label('node'),
    jump(BPF_JMP_IMM(BPF_JEQ, NODE, 0, 0), 'end'),
    BPF_LDX_MEM(BPF_W, LENGTH_HERE, NODE, LENGTH * 4),
    jump(BPF_JMP_REG(BPF_JGT, LENGTH_HERE, KEY_LENGTH, 0), 'end'),
    matchPrefix(dataBytes),
    BPF_LDX_MEM(BPF_W, T, NODE, INTERMEDIATE * 4),
    jump(BPF_JMP_IMM(BPF_JNE, T, 0, 0), 'intermediate'),
    BPF_MOV64_REG(FOUND, NODE),
    label('intermediate'),
    jump(BPF_JMP_IMM(BPF_JEQ, LENGTH_HERE, dataBytes * 8, 0), 'end'),
    nextBit(dataBytes),
    BPF_ALU64_IMM(BPF_LSH, T, 2),
    BPF_ALU64_REG(BPF_ADD, NODE, T),
    BPF_LDX_MEM(BPF_W, NODE, NODE, CHILD * 4),
    BPF_ALU64_IMM(BPF_SUB, STEPS, 1),
    jump(BPF_JMP_IMM(BPF_JNE, STEPS, 0, 0), 'node'),
  ]
}

/** The whole look-up; `helper` is the number of bpf_map_lookup_elem, `map` the map's address. */
export function trieLookup({ lock, dataBytes, valueOffset }: TrieGeometry, helper: number, map: number): Insn[] {
  const longest = dataBytes * 8
  return sequence([
    BPF_LDX_MEM(BPF_W, KEY_LENGTH, KEY, 0),
    jump(BPF_JMP_IMM(BPF_JGT, KEY_LENGTH, longest, 0), 'too long'),
    loadData(DATA, KEY, LENGTH_BYTES, Math.min(64, longest)),
    BPF_MOV32_IMM(NODE, lock),
    loadAcquire(SEEN, NODE),
    jump(BPF_JMP32_IMM(BPF_JSET, SEEN, 1, 0), 'helper'),
    BPF_LDX_MEM(BPF_W, NODE, NODE, ROOT * 4),
    BPF_MOV64_IMM(FOUND, 0),
    BPF_MOV64_IMM(STEPS, longest + 1),
    walk(dataBytes),
    label('end'),
    BPF_MOV32_IMM(NODE, lock),
    loadAcquire(T, NODE),
    jump(BPF_JMP32_REG(BPF_JNE, T, SEEN, 0), 'helper'),
    jump(BPF_JMP_IMM(BPF_JEQ, FOUND, 0, 0), 'none'),
    BPF_ALU64_IMM(BPF_ADD, FOUND, valueOffset),
    label('none'),
    BPF_EXIT_INSN(),
    label('too long'),
    answer(0),
    label('helper'),
    callHelper(helper, map),
  ])
}
