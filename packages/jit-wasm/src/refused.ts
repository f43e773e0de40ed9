import type { InstructionKind, InstructionRow, Operation } from '@bpfoundry/isa'

/** What an instruction lacks to be compiled. */
export interface Refusal {
  readonly message: string
  readonly hint: string
}

const unresolved: Refusal = {
  message: 'unresolved LD_IMM64',
  hint: 'resolve maps and BTF ids to addresses when the program is loaded',
}
const packetLoad: Refusal = {
  message: 'packet load outside a socket buffer program',
  hint: 'fix-ups turn LD_ABS and LD_IND into helper calls',
}
const probe: Refusal = {
  message: 'load that may fault',
  hint: 'no engine that compiles has exception tables; run the program on the interpreter',
}

/** Refused operations, by kind: what the interpreter faults on, and loads that probe. */
const REFUSALS: Partial<Record<InstructionKind, Partial<Record<Operation, Refusal>>>> = {
  ld_imm64: {
    map_fd: unresolved,
    map_value: unresolved,
    btf_id: unresolved,
    map_idx: unresolved,
    map_idx_value: unresolved,
  },
  ld_packet: { abs: packetLoad, ind: packetLoad },
  load: { probe_mem: probe, probe_memsx: probe },
  call: { kfunc: { message: 'kernel function call', hint: 'this machine has no kernel functions' } },
  cast: { addr_space_cast: { message: 'cast between address spaces', hint: 'this machine has no arenas' } },
}

/** Why no back end compiles an instruction; undefined when they do. */
export function refusalOf(row: InstructionRow): Refusal | undefined {
  return REFUSALS[row.kind]?.[row.operation]
}
