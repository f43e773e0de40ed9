import { readdirSync, readFileSync } from 'node:fs'
import { isDiagnostic } from '@bpfoundry/diagnostics'
import { KernelError, ProgramRejected } from '@bpfoundry/kernel'
import { errnoName } from '@bpfoundry/kernel-abi'
import {
  CollectionKernel,
  kernelOracle,
  OracleError,
  type OracleLoadedMap,
  ProgramRefused,
} from '@bpfoundry/kernel-oracle'
import { Collection } from '@bpfoundry/loader'
import { readCapture } from '@bpfoundry/packet'
import { afterAll, describe, expect, test } from 'vitest'
import { type BenchObjects, type BenchProgram, readSpec, Testbench } from '../src/index.ts'
import { fixture, THOROUGH } from './fixtures.ts'

/** What the tests use of fixtures/programs/catalog.json. */
interface CatalogEntry {
  readonly name: string
  readonly source: string
  readonly mcpu: readonly string[]
  readonly programs: readonly { readonly name: string; readonly section: string }[]
  readonly expected:
    | { readonly accepted: true }
    | { readonly accepted: false; readonly errno: string; readonly message: string; readonly message612?: string }
}

const catalog = JSON.parse(readFileSync(fixture('programs/catalog.json'), 'utf8')) as { objects: CatalogEntry[] }
const found = kernelOracle()
const oracle = 'unavailable' in found ? undefined : found
const unavailable = 'unavailable' in found ? found.unavailable : ''
afterAll(() => oracle?.close())

/** The short form takes one object of each program, and every so many packets. */
const SHORT_MCPU = 'v3'
const STRIDE = THOROUGH ? 1 : 3
if (!THOROUGH) {
  const left = `objects of other -mcpu than ${SHORT_MCPU}, ${STRIDE - 1} of ${STRIDE} packets, and too_complex`
  console.log(`skipped: ${left}; CI=1 takes them all`)
}

const objectsOf = (entry: CatalogEntry): string[] =>
  entry.mcpu
    .filter((cpu) => THOROUGH || cpu === SHORT_MCPU || !entry.mcpu.includes(SHORT_MCPU))
    .map((cpu) => fixture(`programs/${entry.source.replace('.bpf.c', '')}.${cpu}.o`))

/** What maps hold before the first packet, by object; values that make every branch of the programs reachable. */
const CONTENTS: Readonly<Record<string, (objects: BenchObjects) => void>> = {
  blacklist: ({ maps }) => {
    for (const saddr of SOURCES) maps['blocked']?.set({ saddr }, 0)
  },
  blacklist_percpu: ({ maps }) => {
    for (const saddr of SOURCES) maps['blocked']?.set({ saddr }, 0)
  },
  router: ({ maps }) => {
    const hop = { dest: '02:00:00:00:00:01', source: '02:00:00:00:00:02', port: 3 }
    for (const addr of ['10.0.0.0', '192.0.2.0', '198.51.100.0']) maps['routes']?.set({ bits: 8, addr }, encodeHop(hop))
    // lo exists on every machine; nothing is sent in a test run.
    maps['ports']?.set(3, 1)
  },
}
/** Programs that look at the clock, and the map that remembers it: both kernels forget it before each packet. */
const CLOCKED: Readonly<Record<string, string>> = { rate_limiter: 'buckets' }

/** Programs whose runs can't be compared, and why. */
const INCOMPARABLE: ReadonlyMap<string, string> = new Map([
  ...['event_cpu', 'event_data', 'event_data_changes'].map(
    (name) => [name, 'perf event arrays are not emulated'] as const,
  ),
  ['random', 'random numbers'],
  ...['checksums', 'too_big'].map(
    (name) => [name, 'bpf_csum_diff answers a sum of 32 bits here, as 6.12 does on x86; since 6.13 one of 16'] as const,
  ),
])

/** The same of single programs: their objects hold others that are compared. */
const INCOMPARABLE_PROGRAMS: ReadonlyMap<string, string> = new Map([['clock: blocked', 'it answers the time']])
for (const [program, why] of INCOMPARABLE_PROGRAMS) console.log(`skipped: ${program}: ${why}`)

function forgetAll(objects: BenchObjects, theirs: OracleLoadedMap | undefined, name: string): void {
  for (const [key] of objects.map(name).kernelMap.entries()) {
    objects.map(name).kernelMap.delete(key)
    if (theirs !== undefined) oracle?.deleteFromMap(theirs.map, key)
  }
}

const SOURCES = ['10.1.2.3', '10.0.0.1', '192.0.2.1', '198.51.100.7']

function encodeHop(hop: { dest: string; source: string; port: number }): Uint8Array {
  const bytes = Buffer.alloc(16)
  Buffer.from(hop.dest.replaceAll(':', ''), 'hex').copy(bytes, 0)
  Buffer.from(hop.source.replaceAll(':', ''), 'hex').copy(bytes, 6)
  bytes.writeUInt32LE(hop.port, 12)
  return bytes
}

const captures = readdirSync(fixture('captures')).filter((name) => /\.(pcap|pcapng)$/.test(name))

/** Frames that BPF_PROG_TEST_RUN takes: 14 bytes at least, one page at most. */
const frames = captures
  .flatMap((name) => [...readCapture(readFileSync(fixture(`captures/${name}`)), { name })])
  .map(({ data }) => data)
  .filter(({ length }) => length >= 14 && length <= 3520)
  .filter((_, index) => index % STRIDE === 0)

/** What a run answers; classifiers take no frame that ends within the header of its protocol. */
function outcome(program: BenchProgram, data: Uint8Array): object {
  try {
    const { retval, data: dataOut } = program.run({ data })
    return { retval, data: hex(dataOut) }
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    return { errno: error.errno }
  }
}

describe('accepted fixtures: retval and packet are those of the running kernel', () => {
  let pairs = 0
  afterAll(() => console.log(`compared ${pairs} pairs of program and packet with the running kernel`))

  const accepted = catalog.objects.filter(({ expected }) => expected.accepted)
  const rows = accepted.flatMap((entry) =>
    objectsOf(entry).map((path) => [path.replace(/.*programs\//, ''), path, entry] as const),
  )
  test.for(rows)('%s', async ([, path, entry], { skip }) => {
    if (oracle === undefined) return skip(unavailable)
    const incomparable = INCOMPARABLE.get(entry.name)
    if (incomparable !== undefined) return skip(incomparable)
    const ours = await Testbench.create()
    const objects = await ours.load(path)
    CONTENTS[entry.name]?.(objects)
    const theirs = Collection.create(readSpec(path), { kernel: new CollectionKernel(oracle) })
    for (const [name, map] of theirs.maps) {
      const contents = objects.maps[name]
      if (CONTENTS[entry.name] === undefined || contents === undefined) continue
      for (const [key, value] of contents.kernelMap.entries()) if (!contents.perCpu) map.update(key, value)
    }
    const forget = CLOCKED[entry.name]
    // Programs of map entries have no test run.
    for (const { name } of entry.programs.filter(({ section }) => !/(devmap|cpumap)$/.test(section))) {
      if (INCOMPARABLE_PROGRAMS.has(`${entry.name}: ${name}`)) continue
      const program = objects.program(name)
      const fd = theirs.programs.get(name)?.fd ?? -1
      for (const data of frames) {
        if (forget !== undefined) forgetAll(objects, theirs.maps.get(forget), forget)
        const want = oracle.testRun(fd, { dataIn: data })
        expect(outcome(program, data), hex(data)).toEqual(
          want.errno === 0 ? { retval: want.retval, data: hex(want.dataOut) } : { errno: want.errno },
        )
        pairs++
      }
    }
    theirs.close()
    await ours.close()
  })
})

describe('refused fixtures: refused here, with the errno and the words of Linux', () => {
  const refused = catalog.objects.filter(({ expected }) => !expected.accepted)
  const rows = refused.flatMap((entry) => objectsOf(entry).map((path) => [entry.name, path, entry] as const))
  // One of them is explored for a million instructions.
  test.for(rows)('%s', { timeout: 240_000 }, async ([name, path, { expected }], { skip }) => {
    if (expected.accepted) throw new Error('not a refused fixture')
    if (!THOROUGH && name === 'too_complex') return skip('a million instructions: CI=1 explores them')
    const bench = await Testbench.create()
    const ours = await refusalOf(async () => void (await bench.load(path, { logLevel: 4 })))
    await bench.close()
    expect(ours?.errno, `${name} is accepted`).toBe(expected.errno)
    expect([expected.message, expected.message612]).toContain(firstSaid(ours?.log ?? '', expected))
    if (oracle === undefined) return skip(unavailable)
    const theirs = await refusalOf(
      async () => void Collection.create(readSpec(path), { kernel: new CollectionKernel(oracle) }),
    )
    expect(theirs?.errno).toBe(ours?.errno)
  })
})

/** Which of the expected wordings, that of 6.18 or that of 6.12, a log holds; the log itself when none. */
function firstSaid(log: string, expected: { message: string; message612?: string }): string {
  return [expected.message, expected.message612].find((text) => text !== undefined && log.includes(text)) ?? log
}

interface Refusal {
  readonly errno: string
  readonly log: string
}

async function refusalOf(load: () => Promise<void>): Promise<Refusal | undefined> {
  try {
    await load()
    return undefined
  } catch (error) {
    if (error instanceof ProgramRejected) return { errno: errnoName(error.errno), log: error.log }
    if (error instanceof ProgramRefused) return { errno: errnoName(error.errno), log: error.answer.log }
    if (error instanceof OracleError) return { errno: errnoName(error.errno), log: '' }
    if (error instanceof KernelError) return { errno: errnoName(error.errno), log: '' }
    if (isDiagnostic(error)) return { errno: error.code, log: '' }
    throw error
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
