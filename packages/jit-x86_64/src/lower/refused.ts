/** Instructions that no fixed-up program holds, or that this machine has nothing for: refused when translated. */
import type { Insn, InstructionName } from '@bpfoundry/isa'
import { JitX86Error, type JitX86ErrorCode } from '../jit-x86-error.ts'
import type { Lowering, LoweringsOf } from './lowering.ts'

const refuse =
  (code: JitX86ErrorCode, message: string, hint: string): Lowering =>
  (_, { opcode, src }: Insn, pc) => {
    throw new JitX86Error({ code, message, where: { pc }, got: `opcode 0x${opcode.toString(16)}, src ${src}`, hint })
  }

const unresolved: Lowering = refuse(
  'JIT_X86_UNRESOLVED',
  'unresolved LD_IMM64',
  'resolve maps and BTF ids to addresses when the program is loaded',
)
const packetLoad: Lowering = refuse(
  'JIT_X86_UNRESOLVED',
  'packet load outside a socket buffer program',
  'fix-ups turn LD_ABS and LD_IND into helper calls',
)
const probe: Lowering = refuse(
  'JIT_X86_UNSUPPORTED',
  'load that may fault',
  'machine code checks no addresses: run the program in the interpreter',
)

type Unresolved = Exclude<Extract<InstructionName, `LD_IMM64_${string}`>, 'LD_IMM64_FUNC'>
type PacketLoad = Extract<InstructionName, `LD_${'ABS' | 'IND'}_${string}`>
type Probe = Extract<InstructionName, `LDX_PROBE_${string}`>
type Elsewhere = 'CALL_KFUNC' | 'ADDR_SPACE_CAST'

// biome-ignore format: table
export const REFUSED: LoweringsOf<Unresolved | PacketLoad | Probe | Elsewhere> = {
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
  CALL_KFUNC:      refuse('JIT_X86_UNSUPPORTED', 'kernel function call', 'this machine has no kernel functions'),
  ADDR_SPACE_CAST: refuse('JIT_X86_UNSUPPORTED', 'cast between address spaces', 'this machine has no arenas'),
}
