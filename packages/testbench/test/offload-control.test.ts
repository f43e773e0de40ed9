import { AttachError, iprouteErrorLines, tcFilterLines } from '@bpfoundry/device'
import { KernelError, ProgramRejected } from '@bpfoundry/kernel'
import { ERRNO } from '@bpfoundry/kernel-abi'
import { expect, onTestFinished, test } from 'vitest'
import { type BenchNic, frames, Testbench } from '../src/index.ts'
import { object } from './fixtures.ts'

const CARD = { profile: 'agilio-cx-2x10' } as const

function errnoOf(run: () => unknown): number {
  try {
    run()
  } catch (error) {
    if (error instanceof AttachError || error instanceof KernelError) return error.errno
    throw error
  }
  return 0
}

/** A bench that is closed when the test is over. */
async function opened(): Promise<Testbench> {
  const bench = await Testbench.create({ engine: 'interpreter' })
  onTestFinished(() => bench[Symbol.asyncDispose]())
  return bench
}

/** Programs, their maps and all: on the card from the beginning. */
async function onCard(bench: Testbench, nic: BenchNic, name: string): ReturnType<Testbench['load']> {
  return bench.load(object(name), { offloadIfindex: nic.ifindex })
}

test('an object that is loaded for a card has its maps there: the host reads them by messages', async () => {
  const bench = await opened()
  const nic = bench.addNic('eth0', CARD)
  const objects = await onCard(bench, nic, 'blacklist')
  const program = objects.program()
  expect(program.kernelProgram).toMatchObject({ offloaded: true, orphaned: false })
  expect(nic.card?.port.nfp.maps.size).toBe(Object.keys(objects.maps).length)
  const sent = nic.card?.driver.control.channel.sent ?? 0
  const [name] = Object.keys(objects.maps) as [string]
  const map = objects.map(name)
  const before = [...map.entries()].length
  expect(before).toBe(map.size)
  expect(nic.card?.driver.control.channel.sent).toBeGreaterThan(sent)
  await nic.attachXdp(program, { mode: 'offload' })
  const report = await nic.receive(frames(Array.from({ length: 3 }, () => new Uint8Array(60))))
  expect(report.fates.in).toBe(3)
  expect(errnoOf(() => bench.kernel.testRun(program.kernelProgram, { data: new Uint8Array(64) }))).toBe(ERRNO.ENOTSUPP)
  expect(bench.kernel.programInfo(program.kernelProgram).jitedBytes).toBeGreaterThan(0)
})

test('ports of one card share what is on it, other cards of the model do not', async () => {
  const bench = await opened()
  const one = bench.addNic('p0', CARD)
  const two = bench.addNic('p1', { ...CARD, cardOf: one })
  const other = bench.addNic('p2', CARD)
  const objects = await onCard(bench, one, 'drop')
  for (const nic of [one, two]) await nic.attachXdp(objects.program(), { mode: 'offload' })
  const refused = await other.attachXdp(objects.program(), { mode: 'offload' }).catch((error: unknown) => error)
  expect(refused instanceof AttachError && iprouteErrorLines(refused)).toEqual([
    'Error: Program bound to different device.',
  ])
  expect([one.card?.port.nfp === two.card?.port.nfp, one.card?.port.nfp === other.card?.port.nfp]).toEqual([
    true,
    false,
  ])
  expect(() => bench.addNic('p3', { profile: 'agilio-cx-2x25', cardOf: one })).toThrow(/can't be a port/)
})

test('a map of one card is no map for a program of another', async () => {
  const bench = await opened()
  const [one, two] = [bench.addNic('p0', CARD), bench.addNic('p1', CARD)]
  const first = await onCard(bench, one, 'blacklist')
  const pinned = new Map(Object.entries(first.maps).map(([key, { kernelMap }]) => [key, kernelMap]))
  const load = (nic: BenchNic): Promise<unknown> =>
    bench.load(object('blacklist'), { offloadIfindex: nic.ifindex, pinned })
  await expect(load(two)).rejects.toThrow(ProgramRejected)
  await expect(load(two)).rejects.toThrow(/offload device mismatch between prog and map/)
  await load(one)
})

test('new firmware is a new card: what was bound to the old one is an orphan', async () => {
  const bench = await opened()
  const nic = bench.addNic('eth0', CARD)
  const objects = await onCard(bench, nic, 'blacklist')
  const { kernelProgram } = objects.program()
  const firmware = nic.card?.port.nfp.card.firmware
  if (firmware === undefined) throw new Error('no card')
  await nic.loadFirmware({ ...firmware, liveReload: false })
  expect(kernelProgram.orphaned).toBe(true)
  expect(errnoOf(() => bench.kernel.programInfo(kernelProgram))).toBe(ERRNO.ENODEV)
  const [map] = Object.values(objects.maps)
  expect(errnoOf(() => [...(map?.entries() ?? [])])).toBe(ERRNO.ENODEV)
  const [first, second] = [await onCard(bench, nic, 'drop'), await onCard(bench, nic, 'pass')]
  await nic.attachXdp(first.program(), { mode: 'offload' })
  const refused = await nic.attachXdp(second.program(), { mode: 'offload' }).catch((error: unknown) => error)
  expect(refused).toMatchObject({ errno: ERRNO.EBUSY, extack: 'nfp: FW does not support live reload' })
})

test('what is attached lives on when its object is closed', async () => {
  const bench = await opened()
  const nic = bench.addNic('eth0', CARD)
  const objects = await onCard(bench, nic, 'drop')
  await nic.attachXdp(objects.program(), { mode: 'offload' })
  objects.close()
  expect(bench.kernel.programs).toHaveLength(1)
  const report = await nic.receive(frames(Array.from({ length: 4 }, () => new Uint8Array(60))))
  expect(report.fates.drop).toBe(4)
  await nic.detachXdp('offload')
  expect(bench.kernel.programs).toEqual([])
})

test('a card takes one program: a classifier keeps XDP out', async () => {
  const bench = await opened()
  const nic = bench.addNic('eth0', CARD)
  const [xdp, other] = [await onCard(bench, nic, 'drop'), await onCard(bench, nic, 'pass')]
  nic.tc.addQdisc('clsact')
  nic.tc.setHwTcOffload(true)
  const bytecode = { ...nic.attachable(other.program().kernelProgram), type: 3 }
  nic.tc.addFilter({ direction: 'ingress', program: bytecode, label: 'pass.o:[xdp]', directAction: true, skipSw: true })
  expect(tcFilterLines(nic.tc, 'ingress')[1]).toContain('direct-action skip_sw in_hw id')
  const refused = await nic.attachXdp(xdp.program(), { mode: 'offload' }).catch((error: unknown) => error)
  expect(refused).toMatchObject({ errno: ERRNO.EBUSY })
  nic.tc.deleteQdisc('clsact')
  await nic.attachXdp(xdp.program(), { mode: 'offload' })
})
