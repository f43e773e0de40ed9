/** LD_IMM64 instructions that name maps, and opcodes that no instruction has: a pass over the program as it stands. */
import {
  BPF_LDX,
  BPF_MEM,
  BPF_MEMSX,
  BPF_PSEUDO_BTF_ID,
  BPF_PSEUDO_FUNC,
  BPF_PSEUDO_MAP_FD,
  BPF_PSEUDO_MAP_IDX,
  BPF_PSEUDO_MAP_IDX_VALUE,
  BPF_PSEUDO_MAP_VALUE,
  type Insn,
} from '@bpfoundry/isa'
import { type ErrnoName, MAP_TYPE } from '@bpfoundry/kernel-abi'
import { kernelSymbol } from '../kernel-types/kernel-symbol.ts'
import { MAX_VARIABLE_OFFSET } from '../memory/region-access.ts'
import { Refusal } from '../report/refusal.ts'
import type { KernelBtf, VerifierMap, VerifierProgram } from '../verifier-api.ts'
import { LD_IMM64_OPCODE } from './control-flow.ts'
import { unknownOpcodeWords } from './instruction-form.ts'
import { checkMapForProgram } from './map-program-compatibility.ts'
import { checkMapForSleeper } from './sleepable.ts'

function refusal(code: string, message: string, pc: number, errno: ErrnoName = 'EINVAL'): Refusal {
  return new Refusal({ code, errno, message }, pc)
}

const BY_INDEX: ReadonlySet<number> = new Set([BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE])
const INTO_VALUE: ReadonlySet<number> = new Set([BPF_PSEUDO_MAP_VALUE, BPF_PSEUDO_MAP_IDX_VALUE])
const MAP_ITSELF: ReadonlySet<number> = new Set([BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_IDX])
const NO_MAP: ReadonlySet<number> = new Set([0, BPF_PSEUDO_BTF_ID, BPF_PSEUDO_FUNC])

function checkSecondSlot(next: Insn | undefined, pc: number): Insn {
  if (next === undefined || next.opcode !== 0 || next.dst !== 0 || next.src !== 0 || next.off !== 0) {
    throw refusal('VERIFIER_LD_IMM64', 'invalid bpf_ld_imm64 insn', pc)
  }
  return next
}

function findMap(program: VerifierProgram, insn: Insn, pc: number): VerifierMap {
  let fd = insn.imm
  if (BY_INDEX.has(insn.src)) {
    const table = program.fdArray
    if (table === undefined) {
      throw refusal('VERIFIER_FD_ARRAY', 'fd_idx without fd_array is invalid', pc, 'EPROTO')
    }
    const found = table[insn.imm]
    if (found === undefined) throw refusal('VERIFIER_FD_ARRAY', 'fd_idx is outside of fd_array', pc, 'EFAULT')
    fd = found
  }
  const map = program.maps.get(fd)
  if (map === undefined) {
    throw refusal('VERIFIER_BAD_MAP_FD', `fd ${fd} is not pointing to valid bpf_map`, pc, 'EBADF')
  }
  return map
}

/** The value's bytes must lie where an address can be taken: in an array of one element. */
function checkValueAddress(map: VerifierMap, offset: number, pc: number): void {
  if (offset >= MAX_VARIABLE_OFFSET) {
    throw refusal('VERIFIER_MAP_VALUE_ADDRESS', `direct value offset of ${offset} is not allowed`, pc)
  }
  if (map.type === MAP_TYPE.ARENA) {
    checkArenaAddress(map, offset, pc)
    return
  }
  if (map.type !== MAP_TYPE.ARRAY) {
    throw refusal('VERIFIER_MAP_VALUE_ADDRESS', 'no direct value access support for this map type', pc)
  }
  if (map.maxEntries !== 1 || offset >= map.valueSizeBytes) {
    const message = `invalid access to map value pointer, value_size=${map.valueSizeBytes} off=${offset}`
    throw refusal('VERIFIER_MAP_VALUE_ADDRESS', message, pc, map.maxEntries === 1 ? 'EINVAL' : 'ENOTSUPP')
  }
}

const PAGE_BYTES = 4096

/** An arena has no value, but addresses: those of its pages, and the one behind them. */
function checkArenaAddress({ maxEntries, valueSizeBytes }: VerifierMap, offset: number, pc: number): void {
  if (offset <= maxEntries * PAGE_BYTES) return
  const message = `invalid access to map value pointer, value_size=${valueSizeBytes} off=${offset}`
  throw refusal('VERIFIER_MAP_VALUE_ADDRESS', message, pc, 'ERANGE')
}

/** A program has one arena at most, which lies somewhere, and reads all of it. @see resolve_pseudo_ldimm64 */
function checkArena(map: VerifierMap, arena: VerifierMap | undefined, isPrivileged: boolean, pc: number): void {
  if (map.type !== MAP_TYPE.ARENA || map === arena) return
  if (arena !== undefined) throw refusal('VERIFIER_ARENA', 'Only one arena per program', pc, 'EBUSY')
  if (!isPrivileged) {
    throw refusal('VERIFIER_ARENA', 'CAP_BPF and CAP_PERFMON are required to use arena', pc, 'EPERM')
  }
  if ((map.mapExtra ?? 0) !== 0) return
  throw refusal('VERIFIER_ARENA', "arena's user address must be set via map_extra or mmap()", pc)
}

function resolve(program: VerifierProgram, insn: Insn, next: Insn, pc: number): VerifierMap | undefined {
  if (NO_MAP.has(insn.src)) return undefined
  const intoValue = INTO_VALUE.has(insn.src)
  if (!intoValue && !(MAP_ITSELF.has(insn.src) && next.imm === 0)) {
    throw refusal('VERIFIER_LD_IMM64', 'unrecognized bpf_ld_imm64 insn', pc)
  }
  const map = findMap(program, insn, pc)
  checkMapForProgram(map, program.type, pc)
  if (map.elsewhere) throw refusal('VERIFIER_MAP_ELSEWHERE', 'offload device mismatch between prog and map', pc)
  checkMapForSleeper(program, map, pc)
  if (intoValue) checkValueAddress(map, next.imm >>> 0, pc)
  return map
}

/**
 * The map that each LD_IMM64 names, by slot. Symbols of the kernel that are named are looked for.
 *
 * @throws {Refusal} VERIFIER_UNKNOWN_OPCODE, VERIFIER_RESERVED_FIELD, VERIFIER_LD_IMM64, VERIFIER_BAD_MAP_FD,
 *   VERIFIER_FD_ARRAY, VERIFIER_KERNEL_SYMBOL, VERIFIER_MAP_VALUE_ADDRESS, VERIFIER_MAP_TYPE, VERIFIER_MAP_FIELD,
 *   VERIFIER_ARENA, VERIFIER_UNSUPPORTED
 */
export function resolveMaps(
  program: VerifierProgram,
  opcodes: ReadonlySet<number>,
  isPrivileged: boolean,
  kernelBtf?: KernelBtf,
): (VerifierMap | undefined)[] {
  const { insns } = program
  let arena: VerifierMap | undefined
  const maps: (VerifierMap | undefined)[] = new Array(insns.length).fill(undefined)
  for (let pc = 0; pc < insns.length; pc++) {
    const insn = insns[pc] as Insn
    const mode = insn.opcode & 0xe0
    if ((insn.opcode & 0x07) === BPF_LDX && ((mode !== BPF_MEM && mode !== BPF_MEMSX) || insn.imm !== 0)) {
      throw refusal('VERIFIER_RESERVED_FIELD', 'BPF_LDX uses reserved fields', pc)
    }
    if (insn.opcode === LD_IMM64_OPCODE) {
      const next = checkSecondSlot(insns[pc + 1], pc)
      if (insn.src === BPF_PSEUDO_BTF_ID) kernelSymbol(kernelBtf, insn, next, pc)
      const map = resolve(program, insn, next, pc)
      if (map !== undefined) checkArena(map, arena, isPrivileged, pc)
      if (map?.type === MAP_TYPE.ARENA) arena = map
      maps[pc] = map
      pc++
    } else if (!opcodes.has(insn.opcode)) {
      throw refusal('VERIFIER_UNKNOWN_OPCODE', unknownOpcodeWords(insn), pc)
    }
  }
  return maps
}
