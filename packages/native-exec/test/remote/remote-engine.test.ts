/** What the process for arm64 code shares with this one, and what becomes of programs that crash in it. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import { allocateCpu, type CompiledProgram, type ExecutionFault, type HelperFunction } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { assembleLlvm, BPF_ALU64_IMM, BPF_CALL_REL, BPF_EXIT_INSN, type Insn } from '@bpfoundry/isa'
import { afterAll, describe, expect, it, type TestContext } from 'vitest'
import { NativeExecError } from '../../src/native-exec-error.ts'
import { createRemoteArm64Engine, remoteArm64Available } from '../../src/remote/index.ts'
import { runnerCommand } from '../../src/remote/runner-command.ts'
import { countsOf, imageOf, machine, PROG_ARRAY } from '../harness.ts'

const found = remoteArm64Available()
const asm = (source: string): readonly Insn[] => assembleLlvm(source).insns

/** The body of a test that needs to run code. */
const running =
  (body: () => void | Promise<void>) =>
  async (ctx: TestContext): Promise<void> => {
    if (!found.available) ctx.skip(found.reason)
    else await body()
  }

const engine = createRemoteArm64Engine({ progArray: PROG_ARRAY })
afterAll(() => engine.close())

interface Machine extends ReturnType<typeof machine> {
  compile(insns: readonly Insn[], id?: number): CompiledProgram
  fault(insns: readonly Insn[]): Pick<ExecutionFault, 'code' | 'where' | 'got'> | number
}

function remote(helpers: readonly (HelperFunction | undefined)[] = [], of = engine): Machine {
  const parts = machine(helpers)
  const thread = of.open(parts.environment)
  const compile = (insns: readonly Insn[], id = 1): CompiledProgram => thread.install(of.translate(imageOf(id, insns)))
  return {
    ...parts,
    compile,
    fault(insns) {
      try {
        return compile(insns).run(parts.cpu, 0)
      } catch (error) {
        const { code, where, got } = error as ExecutionFault
        return { code, where, ...(got === undefined ? {} : { got }) } as Pick<ExecutionFault, 'code' | 'where' | 'got'>
      }
    },
  }
}

describe('guest memory', () => {
  it(
    'is one for both processes: what either writes the other reads',
    running(() => {
      const { memory, cpu, compile } = remote()
      const address = memory.allocate('cell', 'scratch', 64).address
      const swap = compile(asm('r0 = *(u32 *)(r1 + 0)\n*(u32 *)(r1 + 4) = 99\nexit'))
      for (const value of [1, 2 ** 31, 0xffffffff]) {
        memory.u32[address >>> 2] = value
        memory.u32[(address >>> 2) + 1] = 0
        expect(swap.run(cpu, address)).toBe(value)
        expect(memory.u32[(address >>> 2) + 1]).toBe(99)
      }
    }),
  )

  it(
    'keeps what it held before it was shared, and what it grows by',
    running(() => {
      const parts = machine()
      const { memory, cpu, environment } = parts
      const before = memory.allocate('before', 'scratch', 2 ** 20).address
      memory.u32[(before + 0xffffc) >>> 2] = 0xabcd
      const thread = engine.open(environment)
      const load = thread.install(engine.translate(imageOf(1, asm('r0 = *(u32 *)(r1 + 0)\nexit'))))
      expect(load.run(cpu, before + 0xffffc)).toBe(0xabcd)
      const after = memory.allocate('after', 'scratch', 2 ** 22).address
      memory.u32[(after + 0x3ffffc) >>> 2] = 0x1234
      expect(load.run(cpu, after + 0x3ffffc)).toBe(0x1234)
      expect(load.run(cpu, before + 0xffffc)).toBe(0xabcd)
    }),
  )

  it(
    'of several environments take turns in one process',
    running(() => {
      const machines = [1, 2, 3].map((value) => {
        const each = remote()
        const address = each.memory.allocate('cell', 'scratch', 64).address
        each.memory.u32[address >>> 2] = value
        return { ...each, address, program: each.compile(asm('r0 = *(u32 *)(r1 + 0)\nexit')) }
      })
      for (let turn = 0; turn < 3; turn++) {
        expect(machines.map(({ program, cpu, address }) => program.run(cpu, address))).toEqual([1, 2, 3])
      }
    }),
  )

  it(
    'is one for all threads: no addition of two workers is lost',
    running(async () => {
      const memory = GuestMemory.create({ maximumBytes: 2 ** 24 })
      const counter = memory.allocate('counter', 'scratch', 64).address
      const [workers, turns] = [2, 100_000]
      const hook = createRequire(import.meta.url).resolve('../../../../tools/typescript-hook/register.mjs')
      const execArgv = ['--import', hook, '--conditions=source']
      const work = (id: number): Promise<void> =>
        new Promise((resolve, reject) => {
          const { block } = allocateCpu(memory, id)
          const workerData = { memory: memory.memory, block, counter, turns }
          const worker = new Worker(new URL('./remote-worker.ts', import.meta.url), { workerData, execArgv })
          worker.on('error', reject)
          worker.on('exit', () => resolve())
        })
      await Promise.all(Array.from({ length: workers }, (_, id) => work(id)))
      const sums = [memory.view.getBigUint64(counter, true), memory.view.getBigUint64(counter + 8, true)]
      expect(sums).toEqual([BigInt(workers * turns), BigInt(workers * turns)])
    }),
  )
})

describe('a program that crashes', () => {
  const place = (pc: number): object => ({ program: 'p1', pc })

  // biome-ignore format: table
  const CRASHES: readonly (readonly [name: string, source: string, code: string, pc: number])[] = [
    ['reads NULL',               'r1 = 8\nr0 = *(u64 *)(r1 + 0)\nexit',                    'FAULT_NULL_POINTER',      1],
    ['reads before memory',      'r1 = -8\nr0 = 1\nr0 = *(u64 *)(r1 + 0)\nexit',           'FAULT_OUT_OF_BOUNDS',     2],
    ['writes past memory',       'r1 = 0x7ffffff0 ll\n*(u64 *)(r1 + 8) = 1\nexit',         'FAULT_OUT_OF_BOUNDS',     2],
    ['reads far outside',        'r1 = 0x70000000000000 ll\nr0 = *(u8 *)(r1 + 0)\nexit',   'FAULT_OUT_OF_BOUNDS',     2],
    ['adds across 16 bytes',     'r2 = 1\nlock *(u64 *)(r10 - 19) += r2\nexit',            'FAULT_MISALIGNED_ATOMIC', 1],
    ['calls itself for ever',    'call f\nexit\nf: call f\nexit',                          'FAULT_OUT_OF_BOUNDS',     2],
  ]

  it.each(CRASHES)('%s: ends by a fault that tells the instruction, and others run on', (_, source, code, pc) => {
    if (!found.available) return console.log(`not run: ${found.reason}`)
    const { fault, compile, cpu } = remote()
    for (let again = 0; again < 2; again++) {
      expect(fault(asm(source))).toMatchObject({ code, where: place(pc) })
      expect(compile(asm('r0 = 5\nexit')).run(cpu, 0)).toBe(5)
    }
  })

  it(
    'leaves the program: likewise',
    running(() => {
      expect(remote().fault([BPF_ALU64_IMM(0, 0, 1)])).toMatchObject({ code: 'FAULT_BAD_PC', got: 'SIGTRAP' })
    }),
  )

  it(
    'runs for ever: ends when its time is over',
    running(() => {
      const limited = createRemoteArm64Engine({ progArray: PROG_ARRAY, timeoutMs: 50 })
      const { fault, compile, cpu } = remote([], limited)
      expect(fault(asm('r0 = 1\nloop: r0 += 1\ngoto loop\nexit'))).toMatchObject({ code: 'FAULT_OUT_OF_FUEL' })
      expect(compile(asm('r0 = 5\nexit')).run(cpu, 0)).toBe(5)
      limited.close()
    }),
  )

  it(
    'finds its process gone before it begins: it has another, and nobody notices',
    running(() => {
      const { compile, cpu } = remote([])
      const program = compile(asm('r0 = 5\nexit'))
      expect(program.run(cpu, 0)).toBe(5)
      killChildren()
      expect(program.run(cpu, 0)).toBe(5)
      // Another memory is the first thing that a new process learns of.
      killChildren()
      const other = remote([])
      expect(other.compile(asm('r0 = 6\nexit')).run(other.cpu, 0)).toBe(6)
    }),
  )

  it(
    'takes the process with it: the next run has another, with all programs',
    running(() => {
      const helpers: HelperFunction[] = []
      // In the middle of a run the process is gone.
      helpers[1] = () => {
        for (const pid of children()) process.kill(pid, 'SIGKILL')
      }
      const { fault, compile, cpu } = remote(helpers)
      const before = compile(asm('r0 = 5\nexit'), 2)
      expect(before.run(cpu, 0)).toBe(5)
      expect(fault(asm('call 1\nr0 = 1\nexit'))).toMatchObject({ code: 'FAULT_BAD_PC', where: { program: 'p1' } })
      expect(before.run(cpu, 0)).toBe(5)
    }),
  )
})

/** Ends all children, and waits for the system to have closed their ends of the pipes. */
function killChildren(): void {
  for (const pid of children()) process.kill(pid, 'SIGKILL')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
}

/** Processes that this one started and that still run. */
function children(): number[] {
  const path = `/proc/${process.pid}/task/${process.pid}/children`
  return readFileSync(path, 'utf8').trim().split(' ').map(Number)
}

describe('the engine', () => {
  it(
    'keeps counting when a helper throws',
    running(() => {
      const helpers: HelperFunction[] = []
      helpers[1] = () => {
        throw new Error('enough')
      }
      const { compile, cpu } = remote(helpers)
      expect(() => compile(asm('r0 = 1\nr0 = 2\ncall 1\nexit')).run(cpu, 0)).toThrow('enough')
      expect(countsOf(cpu)).toEqual({ executedInsns: 3, helperCalls: 1, tailCalls: 0 })
    }),
  )

  it(
    'does not run a program inside of another',
    running(() => {
      const helpers: HelperFunction[] = []
      const { compile, cpu } = remote(helpers)
      const inner = compile(asm('r0 = 1\nexit'), 2)
      helpers[1] = () => inner.run(cpu, 0)
      expect(() => compile([...asm('call 1'), BPF_EXIT_INSN()]).run(cpu, 0)).toThrow('already running')
      expect(inner.run(cpu, 0)).toBe(1)
    }),
  )

  it(
    'keeps its ids however many there are',
    running(() => {
      const { compile, cpu } = remote()
      for (const id of [1, 63, 64, 5000, 2 ** 20 - 1]) expect(compile(asm(`r0 = ${id}\nexit`), id).run(cpu, 0)).toBe(id)
    }),
  )

  it(
    'refuses translations of other engines',
    running(() => {
      const { environment } = machine()
      const thread = engine.open(environment)
      expect(() => thread.install({ image: imageOf(1, [BPF_CALL_REL(0)]) })).toThrow(NativeExecError)
    }),
  )

  it('says why where nothing can run arm64 code', () => {
    const path = process.env['PATH']
    process.env['PATH'] = '/nowhere'
    try {
      expect(runnerCommand('cortex-a53')).toEqual({ unavailable: expect.stringContaining('qemu-user-static') })
    } finally {
      process.env['PATH'] = path
    }
  })
})
