import { isDiagnostic } from '@bpfoundry/diagnostics'
import { assembleLlvm, BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE, type Insn, isLdImm64 } from '@bpfoundry/isa'
import { MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { KernelOracle, OracleLoadedMap, OracleMap } from '@bpfoundry/kernel-oracle'
import { Collection, type MapRequest, type ProgramRequest } from '@bpfoundry/loader'
import { type BlacklistOracleAnswer, type BlacklistQuestion, readSpec } from '@bpfoundry/testbench'
import type { CommandIo } from '../command-io.ts'
import { openKernelOracle, oracleLoader } from '../kernel-oracle.ts'
import { addressFrame } from './frames.ts'

/** Runs of one test run: a signal can end the command in between. */
const BATCH = 1_000_000
const ROUNDS = 5
const METHOD = 'BPF_PROG_TEST_RUN of the program with a random source each run, less the same with the look-up left out'

/** A random address of 10.0.0.0/8 becomes the packet's source; then the program that follows runs. */
const RANDOM_SOURCE = `
  r6 = r1
  call 7
  w0 <<= 8
  r0 |= 10
  r2 = *(u32 *)(r6 + 0)
  r3 = *(u32 *)(r6 + 4)
  r4 = r2
  r4 += 34
  if r4 > r3 goto +1
  *(u32 *)(r2 + 26) = r0
  r1 = r6`

/** Puts one more address into the table: `cursor` counts them. */
const fillProgram = (step: number): string => `
  r6 = 0 ll
  r7 = *(u64 *)(r6 + 0)
  r0 = r7
  r0 += 1
  *(u64 *)(r6 + 0) = r0
  r7 *= ${step}
  w7 |= 0x0a000000
  r7 = be32 r7
  *(u32 *)(r10 - 4) = r7
  r0 = 0
  *(u64 *)(r10 - 16) = r0
  r1 = 0 ll
  r2 = r10
  r2 += -4
  r3 = r10
  r3 += -16
  r4 = 0
  call 2
  r0 = 1
  exit`

/** Measures the running kernel on the same program and table; undefined, with a line on stderr, where it can't. */
export async function kernelBlacklist(
  question: BlacklistQuestion,
  io: CommandIo,
): Promise<BlacklistOracleAnswer | undefined> {
  try {
    const oracle = await openKernelOracle()
    try {
      return {
        nanosecondsPerPacket: await measure(oracle, question),
        kernel: `Linux ${oracle.release}`,
        method: METHOD,
      }
    } finally {
      oracle.close()
    }
  } catch (error) {
    if (!isDiagnostic(error)) throw error
    io.err(`the running kernel is not measured: ${error.message}${error.got === undefined ? '' : ` (${error.got})`}\n`)
    return undefined
  }
}

async function measure(oracle: KernelOracle, question: BlacklistQuestion): Promise<number> {
  const { request, table } = await loadTable(oracle, question)
  fill(oracle, table, question)
  const prologue = assembleLlvm(RANDOM_SOURCE).insns
  const nothing = assembleLlvm('r0 = 1\nexit').insns
  const time = (insns: readonly Insn[]): number => timeOf(oracle, { ...request, insns: [...prologue, ...insns] })
  return time(request.insns) - time(nothing)
}

interface LoadedTable {
  readonly request: ProgramRequest
  readonly table: OracleMap
}

/** Makes the maps; the program is kept as it would be loaded. */
async function loadTable(oracle: KernelOracle, { object, entries }: BlacklistQuestion): Promise<LoadedTable> {
  const spec = readSpec(object)
  const blocked = spec.maps.get('blocked')
  if (blocked !== undefined) blocked.maxEntries = entries
  const loader = await oracleLoader(oracle)
  let request: ProgramRequest | undefined
  const collection = Collection.create(spec, {
    kernel: {
      createMap: (map: MapRequest<OracleLoadedMap>) => loader.createMap(map),
      loadProgram: (program: ProgramRequest) => {
        const { btf: _btf, ...plain } = program
        request = { ...plain, functionInfo: [], lineInfo: [] }
        return loader.loadProgram(program)
      },
    },
    programs: ['filter'],
  })
  const table = collection.maps.get('blocked')?.map
  if (request === undefined || table === undefined) throw new Error('the blacklist object has another shape')
  return { request, table }
}

/** The kernel fills its table itself: 16 million system calls would take a minute. */
function fill(oracle: KernelOracle, table: OracleMap, { entries, keys }: BlacklistQuestion): void {
  const cursor = oracle.createMap({ type: MAP_TYPE.ARRAY, keySizeBytes: 4, valueSizeBytes: 8, maxEntries: 1 })
  const step = entries < 2 ? 1 : hostOf(keys(1, 1)) - hostOf(keys(0, 1))
  const maps = [
    { src: BPF_PSEUDO_MAP_VALUE, imm: cursor.fd },
    { src: BPF_PSEUDO_MAP_FD, imm: table.fd },
  ]
  const insns = assembleLlvm(fillProgram(step)).insns.map((insn) =>
    isLdImm64(insn) ? { ...insn, ...maps.shift() } : insn,
  )
  const { fd, log, ok } = oracle.loadProgram({ type: PROG_TYPE.XDP, insns })
  if (!ok) throw new Error(`the kernel refuses to fill the table: ${log}`)
  for (let done = 0; done < entries; done += BATCH) {
    oracle.testRun(fd, { dataIn: addressFrame(0), repeat: Math.min(BATCH, entries - done) })
  }
  for (const n of [0, entries - 1]) {
    if (oracle.lookupMap(table, keys(n, 1)) === undefined) throw new Error(`address ${n} is not in the kernel's table`)
  }
}

const hostOf = (key: Uint8Array): number => (((key[1] ?? 0) << 16) | ((key[2] ?? 0) << 8) | (key[3] ?? 0)) >>> 0

/** Median ns of a run. */
function timeOf(oracle: KernelOracle, program: ProgramRequest): number {
  // Without a BTF of the program's own its lines mean nothing.
  const { fd, log, ok } = oracle.loadProgram({ ...program, lineInfo: [] })
  if (!ok) throw new Error(`the kernel refuses the program: ${log}`)
  const dataIn = addressFrame(0)
  const rounds = Array.from({ length: ROUNDS }, () => oracle.testRun(fd, { dataIn, repeat: BATCH }).durationNs)
  return rounds.sort((a, b) => a - b)[ROUNDS >> 1] as number
}
