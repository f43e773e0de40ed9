import type { Insn } from '@bpfoundry/isa'
import {
  BPF_PSEUDO_MAP_FD,
  BPF_PSEUDO_MAP_IDX,
  BPF_PSEUDO_MAP_IDX_VALUE,
  BPF_PSEUDO_MAP_VALUE,
  isLdImm64,
} from '@bpfoundry/isa'
import type { Answer, RunAnswer } from '../report/answer.ts'
import type { Vector, VectorDump, VectorMap, VectorProgram, VectorRun } from '../vector/vector.ts'

/** What loading gave, besides an fd. */
export type LoadPart = Omit<Answer, 'id' | 'engine'>

/** A program that was loaded or refused. */
export interface Loaded {
  readonly fd: number
  readonly part: LoadPart
}

/**
 * A kernel that vectors are put to: the emulated one, or the running one. Handles are file descriptors; everything it
 * opened for a case it closes at the end of it.
 */
export interface VectorKernel {
  readonly name: string
  /** Which fields of a case it can't do what they say with: the case is not asked, but answered with them. */
  unsupported(vector: Vector): readonly string[]
  /** @throws Error whose message answers the case */
  createMap(map: VectorMap, inner: number | undefined): number
  /** @throws Error */
  updateMap(fd: number, map: VectorMap, key: Uint8Array, value: Uint8Array): void
  /** @throws Error */
  freezeMap(fd: number): void
  /** `fd` is -1 when it is refused. */
  loadProgram(program: VectorProgram, insns: readonly Insn[], dump: readonly VectorDump[]): Loaded
  runProgram(fd: number, run: VectorRun): RunAnswer
  /** Keys and values in hex. */
  dumpMap(fd: number): readonly (readonly [key: string, value: string])[]
  /** Ends a case. */
  closeAll(): void
}

/** Puts one case to a kernel: maps, programs, fill, load, runs. Whatever it is, there is an answer. */
export function askVector(kernel: VectorKernel, vector: Vector): Answer {
  const answer = { id: vector.id, engine: kernel.name }
  const unsupported = kernel.unsupported(vector)
  if (unsupported.length > 0) return { ...answer, unsupported, error: `unsupported: ${unsupported.join(', ')}` }
  try {
    return { ...answer, ...loadAndRun(kernel, vector) }
  } catch (error) {
    return { ...answer, error: (error as Error).message }
  } finally {
    kernel.closeAll()
  }
}

function loadAndRun(kernel: VectorKernel, vector: Vector): LoadPart {
  const maps: number[] = []
  for (const map of vector.maps) {
    maps.push(kernel.createMap(map, map.inner === undefined ? undefined : maps[map.inner]))
  }
  const programs = vector.progs.map((program) => kernel.loadProgram(program, withMaps(program, maps), []).fd)
  vector.maps.forEach((map, index) => {
    fillMap(kernel, maps[index] as number, map, { maps, programs })
  })
  const dump = dumpsOf(vector)
  const { fd, part } = kernel.loadProgram(vector, withMaps(vector, maps), dump)
  if (fd < 0) return part
  const runs = vector.runs.map((run) => kernel.runProgram(fd, run))
  const ran = vector.listsRuns || runs.length > 1 ? { runs } : runs[0]
  const left = dump.includes('maps') ? { maps: maps.map((map) => kernel.dumpMap(map)) } : {}
  return { ...part, ...ran, ...left }
}

/** What is asked for, and what the expectation needs. */
function dumpsOf({ dump = [], expect = {} }: Vector): readonly VectorDump[] {
  const judged = expect.xlated ?? expect.xlated_insns ?? expect.xlated_lacks_insns
  return judged === undefined || dump.includes('xlated') ? dump : [...dump, 'xlated']
}

interface Handles {
  readonly maps: readonly number[]
  readonly programs: readonly number[]
}

function fillMap(kernel: VectorKernel, fd: number, map: VectorMap, handles: Handles): void {
  for (const [key, value] of map.fill) {
    const bytes = value instanceof Uint8Array ? value : u32(handleOf(value, handles))
    kernel.updateMap(fd, map, key, bytes)
  }
  if (map.freeze) kernel.freezeMap(fd)
}

function handleOf(value: { readonly map: number } | { readonly prog: number }, handles: Handles): number {
  const fd = 'map' in value ? handles.maps[value.map] : handles.programs[value.prog]
  if (fd === undefined || fd < 0) throw new Error(`fill names what was not made: ${JSON.stringify(value)}`)
  return fd
}

const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer)

/** Which pseudo sources name a map by index, and what they become. */
const BY_INDEX: ReadonlyMap<number, number> = new Map([
  [BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_FD],
  [BPF_PSEUDO_MAP_IDX_VALUE, BPF_PSEUDO_MAP_VALUE],
])

/** Puts map fds into the instructions that name maps, by `map_refs` or by index. */
function withMaps({ insns, mapRefs }: VectorProgram, maps: readonly number[]): readonly Insn[] {
  const references = new Map(mapRefs.map(({ pc, map }) => [pc, map]))
  return insns.map((insn, pc) => {
    const reference = references.get(pc)
    if (reference !== undefined) return { ...insn, imm: maps[reference] as number }
    const src = isLdImm64(insn) ? BY_INDEX.get(insn.src) : undefined
    const fd = maps[insn.imm]
    return src === undefined || fd === undefined ? insn : { ...insn, src, imm: fd }
  })
}
