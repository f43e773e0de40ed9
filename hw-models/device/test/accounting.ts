import fc from 'fast-check'
import { expect } from 'vitest'
import {
  assertAccounted,
  attachNic,
  createDriverPoll,
  createNic,
  FATES,
  type Nic,
  type NicProfile,
  NicWire,
  nicProfile,
  type Sink,
  type XdpMode,
  type XdpStageFactory,
} from '../src/index.ts'
import { fakeProgram, ipv4Frame, machine, redirectTo, taggedFrame, taggedVerdict } from './fakes.ts'

/** One step of a random run. */
type Step =
  | { readonly do: 'deliver'; readonly lengthBytes: number; readonly verdict: number }
  | { readonly do: 'poll'; readonly budget: number }
  | { readonly do: 'drain' }
  | { readonly do: 'program'; readonly id: number }
  | { readonly do: 'link'; readonly up: boolean; readonly target: boolean }

const lengths = fc.oneof(
  fc.integer({ min: 0, max: 20 }),
  fc.integer({ min: 60, max: 128 }),
  fc.integer({ min: 1490, max: 1540 }),
  fc.integer({ min: 3000, max: 9030 }),
)
const verdicts = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 255 }))
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('deliver' as const), lengthBytes: lengths, verdict: verdicts }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('poll' as const), budget: fc.integer({ min: 1, max: 64 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('drain' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('program' as const), id: fc.integer({ min: 0, max: 2 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('link' as const), up: fc.boolean(), target: fc.boolean() }),
  },
)

interface Run {
  readonly steps: readonly Step[]
  readonly ringSize: number
  readonly txRingSize: number
  readonly queues: number
  readonly cpus: number
  /** With the larger one long frames come in over several buffers, where the driver has that. */
  readonly mtu: number
  readonly txSink: Sink
  readonly stackSink: Sink
  readonly repeat: number
}

const runs: fc.Arbitrary<Run> = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 60 }),
  ringSize: fc.constantFrom(2, 4, 16, 64),
  txRingSize: fc.constantFrom(2, 4, 64),
  queues: fc.integer({ min: 1, max: 4 }),
  cpus: fc.integer({ min: 1, max: 3 }),
  mtu: fc.constantFrom(1500, 9000),
  txSink: fc.constantFrom('capture', 'discard'),
  stackSink: fc.constantFrom('capture', 'discard'),
  repeat: fc.integer({ min: 1, max: 20 }),
})

/** What a mode needs beside its stage. */
export interface ModeUnderTest {
  readonly mode: XdpMode
  readonly profile: string
  readonly stages: (memory: Parameters<typeof createNic>[0], cpus: number) => readonly XdpStageFactory[]
}

/** A profile whose cards take redirected frames at any time. */
export function openProfile(name: string): NicProfile {
  const profile = nicProfile(name)
  if (profile.native === undefined) return profile
  return { ...profile, native: { ...profile.native, xmit: true, xmitNeedsProgram: false } }
}

/**
 * The property every mode must have: whatever comes in, however long the rings, however they are polled and drained,
 * with programs replaced and links going down, every packet has exactly one fate, and no frame is lost.
 */
export function checkAccounting(under: ModeUnderTest, numRuns = 150): void {
  fc.assert(
    fc.property(runs, (run) => {
      const { nic, target, delivered, captured } = play(under, run)
      const fates = nic.fates()
      expect(fates.in).toBe(delivered)
      assertAccounted(fates)
      const sunk = { pass: run.stackSink === 'capture', tx: run.txSink === 'capture' }
      if (sunk.pass) expect(captured.stack).toBe(fates.pass)
      if (sunk.tx) expect(captured.tx).toBe(fates.tx)
      expect(captured.target).toBe(fates.redirect)
      expect(target.fates().in).toBe(0)
      expect(nic.portCounters().packets).toBe(fates.tx)
      expect(target.portCounters().packets).toBe(fates.redirect)
      const byCpu = nic.handle.cpus.reduce((sum, { cpu }) => sum + nic.cpuFates(cpu).in, 0)
      expect(byCpu).toBe(fates.in - fates.too_long - fates.too_short - fates.link_down)
      checkVerdicts(under, nic)
      expect(freeFrames(nic)).toBe(run.queues * 2 * run.ringSize)
    }),
    { numRuns },
  )
}

function play(under: ModeUnderTest, run: Run) {
  const { memory, cpus } = machine(run.cpus)
  const handle = createNic(memory, {
    name: 'eno1',
    ifindex: 2,
    profile: openProfile(under.profile),
    cpus: run.cpus,
    queues: run.queues,
    ringSize: run.ringSize,
    txRingSize: run.txRingSize,
    mtu: nicProfile(under.profile).buffers === undefined ? 1500 : run.mtu,
    txSink: run.txSink,
    stackSink: run.stackSink,
  })
  const other = createNic(memory, {
    name: 'eno2',
    ifindex: 3,
    profile: openProfile('mlx5'),
    cpus: run.cpus,
    ringSize: 2,
    txRingSize: run.txRingSize,
  })
  const nic = attachNic(memory, handle)
  const target = attachNic(memory, other)
  const wire = new NicWire(memory, handle)
  const otherWire = new NicWire(memory, other)
  const programs = new Map([
    [1, fakeProgram(1, taggedVerdict(3))],
    [2, fakeProgram(2, ({ cpu }) => redirectTo(cpu, 99))],
  ])
  const stages = under.stages(memory, run.cpus)
  const polls = cpus.map((cpu) =>
    createDriverPoll({
      memory,
      nic: handle,
      cpu,
      programs: (id) => programs.get(id),
      stages,
      redirectTargets: () => [handle, other],
    }),
  )
  nic.setProgram(under.mode, 1)
  let delivered = 0
  const captured = { stack: 0, tx: 0, target: 0 }
  const count = (key: keyof typeof captured) => () => {
    captured[key]++
  }
  const drain = () => {
    wire.drainStack(count('stack'))
    wire.drainTx(count('tx'))
    otherWire.drainTx(count('target'))
  }
  const deliver = (lengthBytes: number, verdict: number) => {
    const frame = verdict > 4 ? ipv4Frame(lengthBytes, verdict * 2654435761) : taggedFrame(lengthBytes, verdict)
    wire.deliver(frame, 0, lengthBytes, delivered++)
  }
  for (const action of run.steps) {
    if (action.do === 'deliver') for (let n = 0; n < run.repeat; n++) deliver(action.lengthBytes, action.verdict)
    else if (action.do === 'poll') for (const poll of polls) poll.pollAll(action.budget)
    else if (action.do === 'drain') drain()
    else if (action.do === 'program') nic.setProgram(under.mode, action.id)
    else {
      nic.up = action.up
      target.up = action.target
    }
  }
  while (polls.some((poll) => poll.pollAll() > 0)) drain()
  drain()
  for (const poll of polls) poll.pollAll()
  return { nic, target, delivered, captured }
}

/** The hook's verdict counters say the same as the fates. */
function checkVerdicts(under: ModeUnderTest, nic: Nic): void {
  const stage = nic.stageCounters(under.mode)
  const fates = nic.fates()
  expect(stage.aborted + stage.drop + stage.pass + stage.tx + stage.redirect + stage.invalid).toBe(stage.packets)
  expect(fates.tx + fates.tx_full).toBe(stage.tx)
  expect(stage.insns).toBe(10 * stage.packets)
  const byTheCard: readonly string[] = ['ring_full', 'too_long', 'too_short', 'link_down']
  const handled = FATES.filter((fate) => !byTheCard.includes(fate)).reduce((sum, fate) => sum + fates[fate], 0)
  expect(handled).toBe(nic.handle.queues.reduce((sum, { index }) => sum + nic.queueCounters(index).packets, 0))
}

/** Frames in fill rings, pools and return rings: all of them, when nothing is under way. */
function freeFrames(nic: Nic): number {
  const { u32, i32 } = nic.memory
  const inRing = (address: number) => ((i32[address >>> 2] as number) - (i32[(address + 64) >>> 2] as number)) | 0
  return nic.handle.queues.reduce(
    (sum, queue) =>
      sum +
      inRing(queue.fill.address) +
      inRing(queue.returns.address) +
      inRing(queue.remoteReturns.address) +
      (u32[queue.pool >>> 2] as number),
    0,
  )
}
