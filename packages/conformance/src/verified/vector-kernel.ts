import { isDiagnostic } from '@bpfoundry/diagnostics'
import type { Insn } from '@bpfoundry/isa'
import type { Answer, RunAnswer } from '../report/answer.ts'
import type { Vector, VectorDump, VectorMap, VectorModule, VectorProgram, VectorRun } from '../vector/vector.ts'

/** What loading gave, besides an fd. */
export type LoadPart = Omit<Answer, 'id' | 'engine'>

/** What a load is given besides the program. */
export interface LoadOptions {
  /** What the answer shows of it. */
  readonly dump: readonly VectorDump[]
  /** The case's maps, which instructions may name by index. */
  readonly fds: readonly number[]
}

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
  insertModule(module: VectorModule): void
  /** @throws Error whose message answers the case */
  createMap(map: VectorMap, inner: number | undefined): number
  /** @throws Error */
  updateMap(fd: number, map: VectorMap, key: Uint8Array, value: Uint8Array): void
  /** @throws Error */
  freezeMap(fd: number): void
  /** `fd` is -1 when it is refused. @param insns with the maps that `map_refs` names put in */
  loadProgram(program: VectorProgram, insns: readonly Insn[], options: LoadOptions): Loaded
  runProgram(fd: number, run: VectorRun): RunAnswer
  /** Keys and values in hex. */
  dumpMap(fd: number): readonly (readonly [key: string, value: string])[]
  /** Ends a case. */
  closeAll(): void
}

/** Puts one case to a kernel: maps, programs, fill, load, runs. Whatever it is, there is an answer. */
export function askVector(kernel: VectorKernel, vector: Vector): Answer {
  const answer = { id: vector.id, engine: kernel.name }
  let part: LoadPart = {}
  try {
    const unsupported = kernel.unsupported(vector)
    if (unsupported.length > 0) return { ...answer, unsupported, error: `unsupported: ${unsupported.join(', ')}` }
    for (const module of vector.modules ?? []) kernel.insertModule(module)
    const maps = makeMaps(kernel, vector)
    const dump = dumpsOf(vector)
    const loaded = kernel.loadProgram(vector, withMaps(vector, maps), { dump, fds: maps })
    part = loaded.part
    if (loaded.fd >= 0) part = { ...part, ...runAll(kernel, vector, loaded.fd) }
    else if (part.load_ok === true && vector.runs.length > 0)
      part = { ...part, unsupported: ['runs of what is not compiled'] }
    if (loaded.fd >= 0 && dump.includes('maps')) part = { ...part, maps: maps.map((map) => kernel.dumpMap(map)) }
    return { ...answer, ...part }
  } catch (error) {
    return { ...answer, ...part, error: wordsOf(error as Error) }
  } finally {
    kernel.closeAll()
  }
}

/** With what was got: of a system call its errno. What is no complaint of ours is told by its kind: a defect. */
function wordsOf(error: Error): string {
  if (isDiagnostic(error)) return error.got === undefined ? error.message : `${error.message}: ${error.got}`
  return error.name === 'Error' ? error.message : `${error.name}: ${error.message}`
}

/** The maps of a case, filled; its other programs are loaded for it. */
function makeMaps(kernel: VectorKernel, vector: Vector): readonly number[] {
  const maps: number[] = []
  for (const map of vector.maps) {
    maps.push(kernel.createMap(map, map.inner === undefined ? undefined : maps[map.inner]))
  }
  const programs = vector.progs.map((program, index) => loadHelper(kernel, program, maps, index))
  vector.maps.forEach((map, index) => {
    fillMap(kernel, maps[index] as number, map, { maps, programs })
  })
  return maps
}

function loadHelper(kernel: VectorKernel, program: VectorProgram, maps: readonly number[], index: number): number {
  const { fd, part } = kernel.loadProgram(program, withMaps(program, maps), { dump: [], fds: maps })
  if (fd < 0) throw new Error(`program ${index} load: ${part.errno}: ${part.verifier_log ?? ''}`)
  return fd
}

function runAll(kernel: VectorKernel, { runs, listsRuns }: Vector, fd: number): LoadPart {
  const answers = runs.map((run) => kernel.runProgram(fd, run))
  return listsRuns || answers.length > 1 ? { runs: answers } : { ...answers[0] }
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

/** Puts map fds into the instructions that `map_refs` names. */
function withMaps({ insns, mapRefs }: VectorProgram, maps: readonly number[]): readonly Insn[] {
  if (mapRefs.length === 0) return insns
  const linked = [...insns]
  for (const { pc, map } of mapRefs) linked[pc] = { ...(insns[pc] as Insn), imm: maps[map] as number }
  return linked
}
