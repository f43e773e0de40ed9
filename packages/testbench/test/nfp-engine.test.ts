import { readdirSync, readFileSync } from 'node:fs'
import { Kernel, type KernelMap, type KernelProgram, ProgramRejected } from '@bpfoundry/kernel'
import { MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { CollectionKernel, kernelOracle, type OracleLoadedMap } from '@bpfoundry/kernel-oracle'
import { Collection, type CollectionSpec } from '@bpfoundry/loader'
import { nfpCard } from '@bpfoundry/nfp'
import { readCapture } from '@bpfoundry/packet'
import { CARD_MAPS, cardPrograms, type GeneratedCardProgram, withMapFds } from '@bpfoundry/program-generator'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { type BenchObjects, engineByName, readSpec, reviewOffload, Testbench } from '../src/index.ts'
import { OffloadCard } from '../src/offload-card.ts'
import { fixture, THOROUGH } from './fixtures.ts'

/** Offloaded programs on a simulated core, against the interpreter and the running kernel: verdict, packet, maps. */
const CARD = nfpCard('agilio-cx-2x10')
const found = kernelOracle()
const oracle = 'unavailable' in found ? undefined : found
if ('unavailable' in found) console.log(`not compared with the running kernel: ${found.unavailable}`)
afterAll(() => oracle?.close())

/** Of maps that hold many: enough for every key that the packets bring. */
const MOST_ENTRIES = 4096
/** The short form takes every so many packets. */
const STRIDE = THOROUGH ? 1 : 9

function packets(): Uint8Array[] {
  const names = readdirSync(fixture('captures')).filter((name) => /\.(pcap|pcapng)$/.test(name))
  const all = names.flatMap((name) => [...readCapture(readFileSync(fixture(`captures/${name}`)), { name })])
  const taken = all.map(({ data }) => data).filter(({ length }) => length >= 14 && length <= 3520)
  return taken.filter((_, index) => index % STRIDE === 0)
}

const PACKETS = packets()

interface Case {
  readonly title: string
  readonly path: string
  readonly program: string
  readonly packets: readonly Uint8Array[]
}

/** The driver takes packets to be as long as they are on the wire where it lets `bpf_xdp_adjust_head` go unchecked. */
const SHORTEST_ON_WIRE = 60
const ADJUST_HEAD = 44

/** Grows the tail, which only the host can. */
const GROWS = 'grow'
/** Not compared: random numbers of its own, tails that grow, events, which no kernel here emulates. */
const left: string[] = []

function offloadable(): Case[] {
  const judge = Kernel.create({ hollowMaps: true })
  const folder = fixture('programs/')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.o'))
  const wanted = files.filter((file) => !file.startsWith('refused') && (THOROUGH || /v3\.o$|v4\.o$/.test(file)))
  return wanted.sort().flatMap((file) => {
    const path = folder + file
    const spec = readSpec(path)
    return [...spec.programs.values()].flatMap(({ name, type, insns }) => {
      if (type !== PROG_TYPE.XDP) return []
      const { advice } = reviewOffload(readSpec(path), name, { card: CARD, kernel: judge })
      if (advice.verdict !== 'offloads') return []
      const differs = file.includes('random') || name === GROWS
      const events = [...spec.maps.values()].some((map) => map.type === MAP_TYPE.PERF_EVENT_ARRAY)
      if (differs || events) {
        left.push(`${file} ${name}`)
        return []
      }
      const movesHead = insns.some(({ opcode, src, imm }) => opcode === 0x85 && src === 0 && imm === ADJUST_HEAD)
      const fit = movesHead ? PACKETS.filter(({ length }) => length >= SHORTEST_ON_WIRE) : PACKETS
      return [{ title: `${file} ${name}`, path, program: name, packets: fit }]
    })
  })
}

/** The same entries for every map of a name, whoever holds it: keys as packets bring them, values that are not zero. */
function contents({
  attributes: { type, keySizeBytes, valueSizeBytes, maxEntries },
}: KernelMap): [Uint8Array, Uint8Array][] {
  const value = (seed: number): Uint8Array => Uint8Array.from({ length: valueSizeBytes }, (_, at) => seed * 37 + at)
  if (type === MAP_TYPE.ARRAY) {
    return Array.from({ length: Math.min(maxEntries, 16) }, (_, index) => [word(index), value(index)])
  }
  if (type !== MAP_TYPE.HASH) return []
  const keys = PACKETS.flatMap((data) =>
    [26, 30, 0].map((at) => Uint8Array.from({ length: keySizeBytes }, (_, byte) => data[at + byte] ?? 0)),
  )
  const distinct = new Map(keys.map((key) => [hex(key), key]))
  return [...distinct.values()]
    .filter((_, index) => index % 2 === 0)
    .slice(0, Math.min(512, maxEntries >> 1))
    .map((key, index) => [key, value(index)])
}

function word(number: number): Uint8Array {
  return Uint8Array.of(number, number >> 8, 0, 0)
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function limited(path: string): CollectionSpec {
  const spec = readSpec(path)
  for (const map of spec.maps.values()) map.maxEntries = Math.min(map.maxEntries, MOST_ENTRIES)
  return spec
}

/** What the card makes of a verdict: those that it does not know abort. */
const onCard = (verdict: number): number => (verdict > 3 ? 0 : verdict)

interface Bench {
  readonly bench: Testbench
  readonly objects: BenchObjects
  readonly program: KernelProgram
}

async function open(engine: string, { path, program }: Case): Promise<Bench> {
  const bench = await Testbench.create({ engine })
  const objects = await bench.load(limited(path), { programs: [program] })
  for (const { kernelMap } of Object.values(objects.maps)) {
    for (const [key, value] of contents(kernelMap)) kernelMap.update(key, value)
  }
  const card = new OffloadCard(CARD.name, 9, 'card', undefined, bench.kernel.engine)
  const loaded = objects.program(program)
  return { bench, objects, program: engine === 'nfp' ? loaded.forMode('offload', card) : loaded.kernelProgram }
}

/** Of the maps that live on a card; others of the object are of no use to its program. */
function entriesOf({ objects }: Bench): Record<string, string[]> {
  const onCard = Object.entries(objects.maps).filter(([, { kernelMap }]) => ON_CARD.has(kernelMap.attributes.type))
  return Object.fromEntries(
    onCard.map(([name, { kernelMap }]) => [
      name,
      [...kernelMap.entries()].map(([key, value]) => `${hex(key)}=${hex(value)}`).sort(),
    ]),
  )
}

const ON_CARD: ReadonlySet<number> = new Set([MAP_TYPE.HASH, MAP_TYPE.ARRAY])

/** The running kernel with the same program and entries. */
class RunningKernel {
  readonly #collection: Collection<
    OracleLoadedMap,
    { readonly fd: number; readonly id: number; readonly name: string; close(): void }
  >
  readonly #fd: number

  constructor(path: string, program: string, objects: BenchObjects) {
    if (oracle === undefined) throw new Error('there is none')
    this.#collection = Collection.create(limited(path), { kernel: new CollectionKernel(oracle), programs: [program] })
    this.#fd = this.#collection.programs.get(program)?.fd ?? -1
    for (const [name, map] of this.#collection.maps) {
      const ours = objects.maps[name]?.kernelMap
      if (ours !== undefined) for (const [key, value] of contents(ours)) map.update(key, value)
    }
  }

  run(data: Uint8Array): { retval: number; data: string } {
    const answer = oracle?.testRun(this.#fd, { dataIn: data })
    if (answer?.errno !== 0) throw new Error(`test run: errno ${answer?.errno}`)
    return { retval: answer.retval, data: hex(answer.dataOut) }
  }

  /** What its maps hold, as {@link entriesOf} tells it of ours. */
  entries(): Record<string, string[]> {
    const maps = [...this.#collection.maps].filter(([, { map }]) => ON_CARD.has(map.spec.type))
    const rows = maps.map(([name, { map }]) => [
      name,
      (oracle?.dumpMap(map) ?? []).map(([key, value]) => `${hex(key)}=${hex(value)}`).sort(),
    ])
    return Object.fromEntries(rows)
  }

  close(): void {
    this.#collection.close()
  }
}

describe('every offloadable fixture on every packet', () => {
  const cases = offloadable()
  let pairs = 0
  let judged = 0
  afterAll(() => {
    console.log(
      `${cases.length} programs, ${PACKETS.length} packets: ${pairs} pairs on the card and in the interpreter, ${judged} of them in the running kernel`,
    )
    console.log(`not compared, ${left.length}: random numbers, growing tails, events: ${left.join(', ')}`)
    if (!THOROUGH) console.log(`skipped: objects of -mcpu=v2, ${STRIDE - 1} of ${STRIDE} packets; CI=1 takes them all`)
  })

  test.for(cases)('$title', async (one) => {
    const card = await open('nfp', one)
    const host = await open('interpreter', one)
    const kernel = oracle === undefined ? undefined : new RunningKernel(one.path, one.program, host.objects)
    for (const data of one.packets) {
      const got = card.bench.kernel.testRun(card.program, { data })
      const want = host.bench.kernel.testRun(host.program, { data })
      const answer = { retval: got.retval, data: hex(got.data) }
      expect(answer, hex(data)).toEqual({ retval: onCard(want.retval), data: hex(want.data) })
      pairs++
      if (kernel === undefined) continue
      const theirs = kernel.run(data)
      expect(answer, hex(data)).toEqual({ ...theirs, retval: onCard(theirs.retval) })
      judged++
    }
    expect(entriesOf(card)).toEqual(entriesOf(host))
    if (kernel !== undefined) expect(entriesOf(card)).toEqual(kernel.entries())
    kernel?.close()
    await card.bench.close()
    await host.bench.close()
  })
})

test('a tail does not grow on the card: the call fails, the packet stays', async () => {
  const one = { title: 'grow', path: fixture('programs/adjust/adjust.v3.o'), program: GROWS, packets: [] }
  const card = await open('nfp', one)
  const host = await open('interpreter', one)
  const data = PACKETS.find(({ length }) => length > SHORTEST_ON_WIRE) as Uint8Array
  const got = card.bench.kernel.testRun(card.program, { data })
  expect({ retval: got.retval, data: hex(got.data) }).toEqual({ retval: 1, data: hex(data) })
  expect(host.bench.kernel.testRun(host.program, { data }).data.length).toBeGreaterThan(data.length)
  await card.bench.close()
  await host.bench.close()
})

/** `PROGRAMS=20000` for the long form, other programs each time; the short form is always the same. */
const FULL = process.env['PROGRAMS']
const PROGRAMS = Number(FULL ?? 30)
const SEED = FULL === undefined ? 77 : Date.now() % 2 ** 31
const XDP = { name: 'generated', type: PROG_TYPE.XDP, expectedAttachType: 0, license: 'GPL', flags: 0, logLevel: 0 }

/** A kernel with an engine, and the maps of generated programs. */
class Rig {
  readonly kernel: Kernel
  readonly #maps: readonly KernelMap[]

  constructor(engine: string) {
    this.kernel = Kernel.create({ engine: engineByName(engine) })
    this.#maps = CARD_MAPS.map((attributes) => this.kernel.createMap(attributes))
  }

  /** Loads a program, bound to a card where there is one, and runs it on its packet. */
  run({ insns, packet }: GeneratedCardProgram, card?: OffloadCard): { retval: number; data: string; maps: string[] } {
    for (const map of this.#maps) for (const key of [0, 1, 2, 3]) map.update(word(key), numbersAndCounters(key))
    card?.takeMaps(this.#maps)
    const linked = withMapFds(
      insns,
      this.#maps.map(({ fd }) => fd),
    )
    const program = this.kernel.loadProgram({ ...XDP, insns: linked }, card)
    const { retval, data } = this.kernel.testRun(program, { data: packet })
    program.close()
    return {
      retval,
      data: hex(data),
      maps: this.#maps.flatMap((map) => [...map.entries()].map(([, value]) => hex(value))),
    }
  }
}

/** Numbers of any value in front, counters of 0 behind. */
function numbersAndCounters(key: number): Uint8Array {
  return Uint8Array.of(...Array.from({ length: 16 }, (_, at) => key * 17 + at * 73), ...new Uint8Array(16))
}

test('random programs do on the card what they do in the interpreter', { timeout: 7_200_000 }, () => {
  const [onCore, host] = [new Rig('nfp'), new Rig('interpreter')]
  let refused = 0
  fc.assert(
    fc.property(cardPrograms({ maps: true }), (program) => {
      const card = new OffloadCard(CARD.name, 9, 'card', undefined, onCore.kernel.engine)
      try {
        const want = host.run(program)
        expect(onCore.run(program, card)).toEqual({ ...want, retval: onCard(want.retval) })
      } catch (error) {
        if (!(error instanceof ProgramRejected)) throw error
        refused++
      }
    }),
    { numRuns: PROGRAMS, seed: SEED },
  )
  console.log(`random programs (seed ${SEED}): ${PROGRAMS - refused} equal, ${refused} refused`)
  expect(refused).toBeLessThan(PROGRAMS / 4)
})
