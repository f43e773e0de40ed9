import {
  assembleLlvm,
  BPF_ADD,
  BPF_ALU64_REG,
  BPF_LDX_MEM,
  BPF_MOV64_REG,
  BPF_PSEUDO_MAP_FD,
  BPF_W,
  type Insn,
  isLdImm64,
} from '@bpfoundry/isa'
import { PROG_TYPE, XDP_MD } from '@bpfoundry/kernel-abi'
import { Collection, type LoadedMap, type LoadedProgram, type LoaderKernel } from '@bpfoundry/loader'
import { readSpec } from '@bpfoundry/testbench'
import { fixturePath } from '../fixture-path.ts'
import type { BenchProgram } from './programs.ts'

/** A map that can be filled. */
interface FillableMap extends LoadedMap {
  update(key: Uint8Array, value: Uint8Array): void
}

/** Loads a benchmark's program and maps into a kernel, the emulated or the running one, and fills them. */
export function loadBenchProgram<M extends FillableMap, P extends LoadedProgram>(
  kernel: LoaderKernel<M, P>,
  bench: BenchProgram,
): P {
  const { program, maps } = bench.object === undefined ? loadText(kernel, bench) : loadObject(kernel, bench.object)
  for (const { map, key, value } of bench.elements?.() ?? []) maps.get(map)?.update(key, value)
  return program
}

interface Loaded<M, P> {
  readonly program: P
  readonly maps: ReadonlyMap<string, M>
}

function loadObject<M extends FillableMap, P extends LoadedProgram>(
  kernel: LoaderKernel<M, P>,
  object: string,
): Loaded<M, P> {
  const collection = Collection.create(readSpec(fixturePath(object)), { kernel })
  return { program: [...collection.programs.values()][0] as P, maps: collection.maps }
}

function loadText<M extends FillableMap, P extends LoadedProgram>(
  kernel: LoaderKernel<M, P>,
  { name, body = '', map }: BenchProgram,
): Loaded<M, P> {
  const made = map === undefined ? undefined : kernel.createMap({ mapExtra: 0, ...map })
  const program = kernel.loadProgram({
    name: name.replaceAll(/\W/g, '_'),
    type: PROG_TYPE.XDP,
    expectedAttachType: 0,
    insns: [...XDP_PROLOGUE, ...bodyInsns(body, made?.fd)],
    license: 'GPL',
    functionInfo: [],
    lineInfo: [],
    flags: 0,
  })
  return { program, maps: new Map(made === undefined || map === undefined ? [] : [[map.name, made]]) }
}

/** r6 = start, r7 = end of the frame, from xdp_md. */
const XDP_PROLOGUE: readonly Insn[] = [BPF_LDX_MEM(BPF_W, 6, 1, XDP_MD.data), BPF_LDX_MEM(BPF_W, 7, 1, XDP_MD.dataEnd)]

/** The same from a start and a length, as uBPF calls programs. */
const BARE_PROLOGUE: readonly Insn[] = [BPF_MOV64_REG(6, 1), BPF_MOV64_REG(7, 1), BPF_ALU64_REG(BPF_ADD, 7, 2)]

/** A program that no verifier sees, with r1 = frame and r2 = its length; undefined where it needs maps. */
export function bareBenchInsns({ body, map }: BenchProgram): readonly Insn[] | undefined {
  return body === undefined || map !== undefined ? undefined : [...BARE_PROLOGUE, ...bodyInsns(body, undefined)]
}

function bodyInsns(body: string, fd: number | undefined): readonly Insn[] {
  const { insns } = assembleLlvm(body)
  return fd === undefined
    ? insns
    : insns.map((insn) => (isLdImm64(insn) ? { ...insn, src: BPF_PSEUDO_MAP_FD, imm: fd } : insn))
}
