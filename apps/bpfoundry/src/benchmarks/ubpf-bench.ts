import { spawnSync } from 'node:child_process'
import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_CALL_REL,
  BPF_EXIT_INSN,
  BPF_JMP_IMM,
  BPF_JNE,
  BPF_MOV32_IMM,
  BPF_MOV64_REG,
  encodeInsns,
  type Insn,
} from '@bpfoundry/isa'
import { InputError } from '../exit-code.ts'
import { bareBenchInsns } from './load-program.ts'
import type { BenchProgram } from './programs.ts'

/** One program in uBPF's JIT. */
export interface UbpfFigures {
  readonly program: string
  readonly nsPerRun: number
}

/**
 * Times that ubpf_plugin runs a program under `--jit`: compiled, with indexed helpers, copied, and with a stack handed in.
 *
 * @see https://github.com/iovisor/ubpf, ubpf_plugin/ubpf_plugin.cc
 */
const RUNS_OF_THE_PLUGIN = 4
/** How long the loop shall take, beside which a process is little. */
const LOOP_MS = 300
const ROUNDS = 3
const MOST_TURNS = 2 ** 28

/**
 * Measures what needs no maps in a build of uBPF: its plugin (`PATH MEMORY --jit`, program on stdin) runs a loop that
 * calls the program as a local function, few times and many times; the difference is the program's.
 *
 * @param path of ubpf_plugin
 * @throws InputError CLI_UNREADABLE_UBPF where that is no such program
 */
export function measureUbpf(path: string, benches: readonly BenchProgram[]): UbpfFigures[] {
  return benches.flatMap((bench) => {
    const insns = bareBenchInsns(bench)
    return insns === undefined ? [] : [{ program: bench.name, nsPerRun: nsPerRun(path, bench, insns) }]
  })
}

function nsPerRun(path: string, bench: BenchProgram, insns: readonly Insn[]): number {
  const least = (turns: number): number =>
    Math.min(...Array.from({ length: ROUNDS }, () => runLoop(path, bench, insns, turns)))
  const few = least(1)
  let turns = 1024
  while (runLoop(path, bench, insns, turns) - few < LOOP_MS && turns < MOST_TURNS) turns *= 4
  return ((least(turns) - few) * 1e6) / (turns - 1) / RUNS_OF_THE_PLUGIN
}

/** @returns wall time of the process in ms */
function runLoop(path: string, { frame, retval, name }: BenchProgram, insns: readonly Insn[], turns: number): number {
  const input = spaced(encodeInsns([...loop(turns), ...insns]))
  const started = performance.now()
  const { status, stdout, stderr, error } = spawnSync(path, [spaced(frame), '--jit'], { input, encoding: 'utf8' })
  const took = performance.now() - started
  const answer = BigInt.asUintN(32, BigInt(`0x${/^[0-9a-f]+/i.exec(stdout ?? '')?.[0] ?? '0'}`))
  if (status === 0 && answer === BigInt(retval)) return took
  throw new InputError({
    code: 'CLI_UNREADABLE_UBPF',
    message: `${path} does not run ${name}: ${error?.message ?? (stderr.trim() || `it answers ${stdout.trim()}`)}`,
    where: { input: path },
    expected: 'the ubpf_plugin of a uBPF build',
    hint: 'build uBPF with UBPF_ENABLE_TESTS and give the path of ubpf_plugin',
  })
}

/** Calls what follows with r1 and r2 as they came. */
function loop(turns: number): readonly Insn[] {
  return [
    BPF_MOV64_REG(6, 1),
    BPF_MOV64_REG(7, 2),
    BPF_MOV32_IMM(8, turns),
    BPF_MOV64_REG(1, 6),
    BPF_MOV64_REG(2, 7),
    BPF_CALL_REL(3),
    BPF_ALU64_IMM(BPF_ADD, 8, -1),
    BPF_JMP_IMM(BPF_JNE, 8, 0, -5),
    BPF_EXIT_INSN(),
  ]
}

const spaced = (bytes: Uint8Array): string => (Buffer.from(bytes).toString('hex').match(/../g) ?? []).join(' ')
