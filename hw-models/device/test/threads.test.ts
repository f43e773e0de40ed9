import { Worker } from 'node:worker_threads'
import { allocateCpu } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { expect, test } from 'vitest'
import {
  assertAccounted,
  attachNic,
  createDriverPoll,
  createNic,
  type Fates,
  type NicOptions,
  NicWire,
  WOULD_BLOCK,
} from '../src/index.ts'
import { fakeProgram, ipv4Frame, machine, redirectTo } from './fakes.ts'
import { nativeTestStage } from './native-test-stage.ts'

const PACKETS = 10_000
const CPUS = 2
const OPTIONS: NicOptions = { name: 'eno1', ifindex: 2, profile: 'mlx5', cpus: CPUS, queues: 4, ringSize: 64 }
const TARGET: NicOptions = { name: 'eno2', ifindex: 3, profile: 'mlx5', cpus: CPUS, ringSize: 64, txRingSize: 4096 }

const HOOK = new URL('../../../tools/typescript-hook/register.mjs', import.meta.url).href

/** Source addresses repeat over a small set, from which the verdict follows. */
const frames = Array.from({ length: 1000 }, (_, n) => ipv4Frame(64, 0x0a000000 + n * 7919))

/** Ends a loop that waits for another thread in vain; a test that spins can't be timed out from outside. */
function watchdog(): () => void {
  const end = performance.now() + 20_000
  return () => {
    if (performance.now() > end) throw new Error('no progress for 20 seconds')
  }
}

interface Outcome {
  readonly fates: Fates
  /** Packet indices that went up the stack, sorted. */
  readonly passed: number[]
}

function drainInto(wires: readonly NicWire[], passed: number[]): void {
  wires[0]?.drainStack((frame) => passed.push(frame.packetIndex))
  for (const wire of wires) wire.drainTx(() => {})
}

async function runInWorkers(): Promise<Outcome> {
  const memory = GuestMemory.create({ maximumBytes: 128 << 20 })
  const cpus = Array.from({ length: CPUS }, (_, id) => allocateCpu(memory, id))
  const nic = createNic(memory, OPTIONS)
  const target = createNic(memory, TARGET)
  const stop = memory.allocate('stop', 'scratch', 64).address
  attachNic(memory, nic).setProgram('native', 1)
  attachNic(memory, target).setProgram('native', 2)
  const workers = cpus.map(
    ({ block }) =>
      new Worker(new URL('./poll-worker.ts', import.meta.url), {
        workerData: { memory: memory.memory, cpuBlock: block, nic, target, stop },
        execArgv: ['--import', HOOK, '--conditions=source'],
      }),
  )
  const heard = (word: string) =>
    Promise.all(
      workers.map(
        (worker) =>
          new Promise<void>((resolve, reject) => {
            worker.on('message', (message) => message === word && resolve())
            worker.once('error', reject)
          }),
      ),
    )
  const done = heard('done')
  await heard('ready')
  const wires = [new NicWire(memory, nic), new NicWire(memory, target)]
  const passed: number[] = []
  for (let n = 0; n < PACKETS; n++) {
    const frame = frames[n % frames.length] as Uint8Array
    const stuck = watchdog()
    while ((wires[0] as NicWire).offer(frame, 0, frame.length, n) === WOULD_BLOCK) {
      stuck()
      drainInto(wires, passed)
    }
    if (n % 64 === 0) drainInto(wires, passed)
  }
  Atomics.store(memory.i32, stop >>> 2, 1)
  await done
  drainInto(wires, passed)
  await Promise.all(workers.map((worker) => worker.terminate()))
  return { fates: attachNic(memory, nic).fates(), passed: passed.sort((a, b) => a - b) }
}

function runInOneThread(): Outcome {
  const { memory, cpus } = machine(CPUS)
  const nic = createNic(memory, OPTIONS)
  const target = createNic(memory, TARGET)
  attachNic(memory, nic).setProgram('native', 1)
  attachNic(memory, target).setProgram('native', 2)
  const program = fakeProgram(1, (packet) => {
    const verdict = (packet.u8[packet.data + 29] as number) % 5
    return verdict === 4 ? redirectTo(packet.cpu, 3) : verdict
  })
  const polls = cpus.map((cpu) =>
    createDriverPoll({
      memory,
      nic,
      cpu,
      programs: () => program,
      stages: [nativeTestStage],
      redirectTargets: () => [nic, target],
    }),
  )
  const wires = [new NicWire(memory, nic), new NicWire(memory, target)]
  const passed: number[] = []
  const turn = () => {
    for (const poll of polls) poll.pollAll()
    drainInto(wires, passed)
  }
  for (let n = 0; n < PACKETS; n++) {
    const frame = frames[n % frames.length] as Uint8Array
    const stuck = watchdog()
    while ((wires[0] as NicWire).offer(frame, 0, frame.length, n) === WOULD_BLOCK) {
      stuck()
      turn()
    }
  }
  turn()
  while (polls.some((poll) => poll.pollAll() > 0)) turn()
  return { fates: attachNic(memory, nic).fates(), passed: passed.sort((a, b) => a - b) }
}

test('worker threads and one thread give the same fates, packet by packet', async () => {
  const alone = runInOneThread()
  const together = await runInWorkers()
  expect(together.fates).toEqual(alone.fates)
  expect(together.passed).toEqual(alone.passed)
  expect(alone.fates.in).toBe(PACKETS)
  assertAccounted(alone.fates)
  assertAccounted(together.fates)
  for (const fate of ['pass', 'drop', 'tx', 'redirect', 'aborted'] as const)
    expect(alone.fates[fate]).toBeGreaterThan(0)
})

test('under traffic in another thread, a replaced program is gone after a grace period', async () => {
  const memory = GuestMemory.create({ maximumBytes: 64 << 20 })
  const cpu = allocateCpu(memory, 0)
  const handle = createNic(memory, { ...OPTIONS, cpus: 1, queues: 1 })
  const stop = memory.allocate('stop', 'scratch', 64).address
  const nic = attachNic(memory, handle)
  nic.setProgram('native', 1)
  const worker = new Worker(new URL('./poll-worker.ts', import.meta.url), {
    workerData: { memory: memory.memory, cpuBlock: cpu.block, nic: handle, target: handle, stop },
    execArgv: ['--import', HOOK, '--conditions=source'],
  })
  const words: string[] = []
  worker.on('message', (word: string) => words.push(word))
  const until = async (word: string) => {
    while (!words.includes(word)) await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await until('ready')
  const wire = new NicWire(memory, handle)
  const frame = ipv4Frame(64, 2)
  const send = (count: number) => {
    for (let n = 0; n < count; n++) {
      const stuck = watchdog()
      while (wire.offer(frame, 0, frame.length, n) === WOULD_BLOCK) {
        stuck()
        wire.drainStack(() => {})
      }
    }
  }
  send(500)
  expect(nic.setProgram('native', 2)).toBe(1)
  await nic.synchronize()
  const passed = nic.fates().pass
  send(500)
  Atomics.store(memory.i32, stop >>> 2, 1)
  await until('done')
  wire.drainStack(() => {})
  const fates = nic.fates()
  // Program 1 passes these packets, program 2 drops them: none passes once the grace period is over.
  expect(fates.pass).toBe(passed)
  expect(fates.drop).toBeGreaterThanOrEqual(500)
  expect(fates.pass + fates.drop).toBe(1000)
  await worker.terminate()
})
