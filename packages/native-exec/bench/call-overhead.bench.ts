// node --import ./tools/typescript-hook/register.mjs --conditions=source packages/native-exec/bench/call-overhead.bench.ts
// What a run costs besides the program: koffi's own calls beside a whole run, and what a helper call adds.
import { compileProgram, returnU32 } from '@bpfoundry/engine'
import { BPF_EMIT_CALL, BPF_EXIT_INSN, BPF_MOV64_IMM } from '@bpfoundry/isa'
import { freeCode, placeCode } from '../src/executable-memory.ts'
import { functionAt } from '../src/foreign-functions.ts'
import { createNativeEngine } from '../src/index.ts'
import { imageOf, machine, PROG_ARRAY } from '../test/harness.ts'
import { answering } from '../test/machine-code.ts'
import { alternating, type Body } from './alternating.ts'

const TIMES = 20_000
const code = placeCode(answering(1))
const nothing = functionAt(code.address, 'void', [])
const oneNumber = functionAt(code.address, 'uint32_t', ['uint32_t'])
const pointerAndNumber = functionAt(code.address, 'uint32_t', ['uint64_t', 'uint32_t'])

const running = (count: boolean, calls: number): Body => {
  const { cpu, environment } = machine([undefined, (mine) => returnU32(mine, 1)])
  const insns = [BPF_MOV64_IMM(0, 1), ...Array.from({ length: calls }, () => BPF_EMIT_CALL(1)), BPF_EXIT_INSN()]
  const engine = createNativeEngine({ progArray: PROG_ARRAY, count })
  const program = compileProgram(engine, imageOf(1, insns), environment)
  return (times) => {
    for (let turn = 0; turn < times; turn++) program.run(cpu, turn)
  }
}

console.table(
  alternating(
    {
      'koffi, void ()': (times) => {
        for (let turn = 0; turn < times; turn++) nothing()
      },
      'koffi, u32 (u32)': (times) => {
        for (let turn = 0; turn < times; turn++) oneNumber(turn)
      },
      'koffi, u32 (u64, u32)': (times) => {
        for (let turn = 0; turn < times; turn++) pointerAndNumber(code.address, turn)
      },
      'run of 2 insns, not counting': running(false, 0),
      'run of 2 insns, counting': running(true, 0),
      'run with 1 helper call': running(true, 1),
      'run with 11 helper calls': running(true, 11),
    },
    TIMES,
  ),
)
freeCode(code)
