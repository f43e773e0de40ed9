import { parentPort, workerData } from 'node:worker_threads'
import { attachCpu } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { createDriverPoll, type NicHandle } from '../src/index.ts'
import { fakeProgram, redirectTo } from './fakes.ts'
import { nativeTestStage } from './native-test-stage.ts'

/** One emulated CPU: polls its queues until the stop word is set and they are empty. */
interface PollWorkerData {
  readonly memory: WebAssembly.Memory
  readonly cpuBlock: number
  readonly nic: NicHandle
  readonly target: NicHandle
  readonly stop: number
}

const data = workerData as PollWorkerData
const memory = GuestMemory.attach(data.memory)
const cpu = attachCpu(memory, data.cpuBlock)
const programs = new Map([
  [1, fakeProgram(1, verdictBySource)],
  [2, fakeProgram(2, () => 1)],
])
const poll = createDriverPoll({
  memory,
  nic: data.nic,
  cpu,
  programs: (id) => programs.get(id),
  stages: [nativeTestStage],
  redirectTargets: () => [data.nic, data.target],
})

parentPort?.postMessage('ready')
for (;;) {
  const stopping = Atomics.load(memory.i32, data.stop >>> 2) !== 0
  if (poll.pollAll() > 0) continue
  if (stopping) break
  // Idle: leave the processor to the wire for a moment.
  Atomics.wait(memory.i32, data.stop >>> 2, 0, 0.05)
}
parentPort?.postMessage('done')

/** Verdict by the last byte of the source address, so that it doesn't depend on which CPU sees the packet. */
function verdictBySource(packet: Parameters<Parameters<typeof fakeProgram>[1]>[0]): number {
  const verdict = (packet.u8[packet.data + 29] as number) % 5
  return verdict === 4 ? redirectTo(packet.cpu, 3) : verdict
}
