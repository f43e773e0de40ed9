/** Instructions that no fixed-up program holds, or that this machine has nothing for (docs/parity/jit-arm64.md). */
import type { InstructionName } from '@bpfoundry/isa'
import { Arm64Error } from '../arm64-error.ts'
import type { Lowering, LoweringsOf } from './lowering.ts'

const refuse =
  (message: string, hint: string): Lowering =>
  (e, insn) => {
    throw new Arm64Error({
      code: 'ARM64_REFUSED',
      message,
      where: { pc: e.pc },
      got: `opcode 0x${insn.opcode.toString(16)}, src ${insn.src}`,
      hint,
    })
  }

const unresolved = refuse('unresolved LD_IMM64', 'resolve maps and BTF ids to addresses when the program is loaded')
const packetLoad = refuse('packet load', 'fix-ups turn LD_ABS and LD_IND into helper calls')
const probe = refuse('load that may fault', 'no program type here reads kernel memory')

type Unresolved = Exclude<Extract<InstructionName, `LD_IMM64_${string}`>, 'LD_IMM64_FUNC'>
type PacketLoad = Extract<InstructionName, `LD_${'ABS' | 'IND'}_${string}`>
type Probe = Extract<InstructionName, `LDX_PROBE_${string}`>

// biome-ignore format: table
export const REFUSED: LoweringsOf<Unresolved | PacketLoad | Probe | 'CALL_KFUNC' | 'ADDR_SPACE_CAST'> = {
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
  LDX_PROBE_MEM_B:        probe,
  LDX_PROBE_MEM_H:        probe,
  LDX_PROBE_MEM_W:        probe,
  LDX_PROBE_MEM_DW:       probe,
  LDX_PROBE_MEMSX_B:      probe,
  LDX_PROBE_MEMSX_H:      probe,
  LDX_PROBE_MEMSX_W:      probe,
  CALL_KFUNC:             refuse('kernel function call', 'this machine has no kernel functions'),
  ADDR_SPACE_CAST:        refuse('cast between address spaces', 'this machine has no arenas'),
}
