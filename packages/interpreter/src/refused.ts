/**
 * Instructions that no fixed-up program holds, because fix-ups replace them, or that this machine has nothing for. They
 * fault when they are reached (docs/parity/interpreter.md).
 */
import { ExecutionFault, type FaultCode } from '@bpfoundry/engine'
import type { InstructionName } from '@bpfoundry/isa'
import type { Handler, HandlersOf } from './operation.ts'

const refuse =
  (code: FaultCode, message: string, hint: string): Handler =>
  (_, o) => {
    throw new ExecutionFault({ code, message, got: `opcode 0x${o.insn.opcode.toString(16)}, src ${o.insn.src}`, hint })
  }

const unresolved: Handler = refuse(
  'FAULT_BAD_OPCODE',
  'unresolved LD_IMM64',
  'resolve maps and BTF ids to addresses when the program is loaded',
)
const packetLoad: Handler = refuse(
  'FAULT_BAD_OPCODE',
  'packet load outside a socket buffer program',
  'fix-ups turn LD_ABS and LD_IND into helper calls',
)

type Unresolved = Exclude<Extract<InstructionName, `LD_IMM64_${string}`>, 'LD_IMM64_FUNC'>
type PacketLoad = Extract<InstructionName, `LD_${'ABS' | 'IND'}_${string}`>
type Elsewhere = 'CALL_KFUNC' | 'ADDR_SPACE_CAST'

// biome-ignore format: table
export const REFUSED: HandlersOf<Unresolved | PacketLoad | Elsewhere> = {
  LD_IMM64_MAP_FD:        unresolved,
  LD_IMM64_MAP_VALUE:     unresolved,
  LD_IMM64_BTF_ID:        unresolved,
  LD_IMM64_MAP_IDX:       unresolved,
  LD_IMM64_MAP_IDX_VALUE: unresolved,
  LD_ABS_B:               packetLoad,
  LD_ABS_H:               packetLoad,
  LD_ABS_W:               packetLoad,
  LD_IND_B:               packetLoad,
  LD_IND_H:               packetLoad,
  LD_IND_W:               packetLoad,
  CALL_KFUNC:      refuse('FAULT_UNKNOWN_HELPER', 'kernel function call', 'this machine has no kernel functions'),
  ADDR_SPACE_CAST: refuse('FAULT_BAD_OPCODE', 'cast between address spaces', 'this machine has no arenas'),
}
