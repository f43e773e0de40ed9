/** Calls of subprograms and of helpers, against the interpreter. */
import { CPU_BLOCK, type ExecutionFault } from '@bpfoundry/engine'
import {
  BPF_CALL_REL,
  BPF_DW,
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_LD_IMM64,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_RAW_INSN,
  BPF_STX_MEM,
  type Insn,
  instructionRow,
} from '@bpfoundry/isa'
import { describe, expect, it } from 'vitest'
import { imageOf } from '../harness.ts'
import { asm, boom, everywhere, runAll, running } from './running.ts'

describe('calls of subprograms', () => {
  it(
    'keep r6 to r9 and r10 for the caller, and leave r0 to r5 as the callee did',
    running(() => {
      runAll(
        asm(`
r6 = 6
r7 = 7
r8 = 8
r9 = 9
r1 = 1
call f
*(u64 *)(r10 - 8) = r6
*(u64 *)(r10 - 16) = r7
*(u64 *)(r10 - 24) = r8
*(u64 *)(r10 - 32) = r9
*(u64 *)(r10 - 40) = r1
*(u64 *)(r10 - 48) = r5
r0 += r6
exit
f: r6 = 66
r7 = r6
r8 = r10
r9 = -1
r5 = 55
r1 += 100
*(u64 *)(r10 - 8) = r8
r0 = 1000
exit`),
      )
    }),
  )

  it(
    'nest eight deep, each in a frame of its own',
    running(() => {
      const depth = 7
      const frame = (n: number): Insn[] => [
        BPF_MOV64_IMM(6, n),
        BPF_STX_MEM(BPF_DW, 10, 6, -8),
        ...(n < depth ? [BPF_CALL_REL(3)] : [BPF_MOV64_IMM(0, 0)]),
        BPF_LDX_MEM(BPF_DW, 1, 10, -8),
        BPF_RAW_INSN(0x0f, 0, 6, 0, 0),
        BPF_EXIT_INSN(),
      ]
      runAll(Array.from({ length: depth + 1 }, (_, n) => frame(n)).flat())
    }),
  )

  it(
    'may recurse through any of several entries',
    running(() => {
      runAll(
        asm(`
r1 = 5
call f
exit
f: if r1 == 0 goto none
r6 = r1
r1 += -1
call f
r0 += r6
exit
none: r0 = 0
exit`),
      )
    }),
  )

  it(
    'lose host addresses: the callee uses the same registers for its own',
    running(() => {
      runAll(
        asm(`
r6 = r1
*(u64 *)(r6 + 8) = 1
call f
r0 = *(u64 *)(r6 + 8)
exit
f: r7 = r10
r7 += -64
*(u64 *)(r7 + 8) = 2
r8 = r7
*(u64 *)(r8 + 16) = 3
exit`),
      )
    }),
  )
})

describe('helper calls', () => {
  it(
    'get r1 to r5 and give r0; other registers stay',
    running(() => {
      runAll([
        ...BPF_LD_IMM64(1, 0x1122334455667788n),
        ...BPF_LD_IMM64(2, -2n),
        BPF_MOV64_IMM(3, 3),
        BPF_MOV64_IMM(4, -4),
        BPF_MOV64_REG(5, 10),
        BPF_MOV64_IMM(6, 6),
        BPF_EMIT_CALL(1),
        BPF_STX_MEM(BPF_DW, 10, 1, -8),
        BPF_STX_MEM(BPF_DW, 10, 5, -16),
        BPF_STX_MEM(BPF_DW, 10, 6, -24),
        BPF_EXIT_INSN(),
      ])
    }),
  )

  it(
    'leave r1 to r5 as the helper does',
    running(() => {
      const stores = [1, 2, 3, 4, 5].map((n) => BPF_STX_MEM(BPF_DW, 10, n, -8 * n))
      runAll([BPF_EMIT_CALL(2), ...stores, BPF_EXIT_INSN()])
    }),
  )

  it(
    'from subprograms come back to them',
    running(() => {
      runAll(asm('r1 = 2\ncall f\nr0 += 1\nexit\nf: r6 = 40\nr2 = 0\ncall 1\nr0 += r6\nexit'))
    }),
  )

  it(
    'by a register: its low 32 bits are the number',
    running(() => {
      const callx = BPF_RAW_INSN(instructionRow('CALLX').opcode, 3, 0, 0, 0)
      runAll([...BPF_LD_IMM64(3, 0x700000001n), callx, BPF_EXIT_INSN()])
    }),
  )

  it(
    'may make memory grow, and what grew can be used at once',
    running(() => {
      runAll([BPF_EMIT_CALL(4), BPF_LDX_MEM(BPF_DW, 0, 0, 0), BPF_EXIT_INSN()])
    }),
  )

  it(
    'that throw end the run there, with the counts so far',
    running(() => {
      const source = 'r0 = 1\nif r0 == 0 goto out\ncall 3\nr0 = 2\nout: exit'
      everywhere((bench) => {
        const { memory, cpu } = bench
        const at = (cpu.block + CPU_BLOCK.fields.executedInsns.offsetBytes) >>> 3
        memory.f64[at] = 0
        const program = bench.install(imageOf(asm(source)))
        expect(() => program.run(cpu, 0)).toThrow(boom)
        return memory.f64[at]
      })
    }),
  )

  it(
    'that are missing are a fault with its place',
    running(() => {
      everywhere((bench) => {
        const program = bench.install(imageOf(asm('r0 = 1\nr1 = 2\ncall 99\nexit')))
        try {
          program.run(bench.cpu, 0)
          return 'no fault'
        } catch (error) {
          const { code, where } = error as ExecutionFault
          return { code, where }
        }
      })
    }),
  )
})
