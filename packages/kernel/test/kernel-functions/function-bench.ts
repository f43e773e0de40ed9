/** Runs programs that call kernel functions: on the running kernel, and on every engine of ours, blinded or not. */
import { existsSync, readFileSync } from 'node:fs'
import { LazyBtf } from '@bpfoundry/btf'
import type { Engine } from '@bpfoundry/engine'
import { assembleLlvm, BPF_PSEUDO_KFUNC_CALL, BPF_PSEUDO_MAP_FD, type Insn } from '@bpfoundry/isa'
import { createWasmEngine } from '@bpfoundry/jit-wasm'
import { MAP_FLAG, MAP_TYPE, type MapAttributes, PROG_FLAG, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { kernelOracle } from '@bpfoundry/kernel-oracle'
import { PROG_ARRAY_LAYOUT } from '@bpfoundry/maps'
import {
  createNativeEngine,
  createRemoteArm64Engine,
  nativeEngineAvailable,
  remoteArm64Available,
} from '@bpfoundry/native-exec'
import { Kernel, seededKeys } from '../../src/index.ts'
import { FUNCTION_NAMES, OWN } from './own-types.ts'

const VMLINUX = '/sys/kernel/btf/vmlinux'
const FRAME = new Uint8Array(64).map((_, at) => at)

export const types: LazyBtf | undefined = existsSync(VMLINUX) ? new LazyBtf(readFileSync(VMLINUX)) : undefined
export const oracle: ReturnType<typeof kernelOracle> = kernelOracle()

/** Why the running kernel can't be asked. */
export function kernelAbsence(): string | undefined {
  if ('unavailable' in oracle) return oracle.unavailable
  return types === undefined ? `no ${VMLINUX}` : undefined
}

const progArray = { progArray: PROG_ARRAY_LAYOUT }
const native = nativeEngineAvailable()
const arm64 = remoteArm64Available()
const remote = arm64.available ? createRemoteArm64Engine(progArray) : undefined

/** Engines that there are on this host, and those that are not tested. */
export const ENGINES: readonly (readonly [name: string, make: (() => Engine) | undefined])[] = [
  ['interpreter', undefined],
  ['wasm', () => createWasmEngine(progArray)],
  ...(native.available ? ([[native.name, () => createNativeEngine(progArray)]] as const) : []),
  ...(remote === undefined ? [] : ([['arm64 in another process', () => remote]] as const)),
]
if (!native.available) console.log(`no machine code with kernel functions: ${native.reason}`)
if (!arm64.available) console.log(`no arm64 code with kernel functions: ${arm64.reason}`)

export function closeBench(): void {
  remote?.close()
  if (!('unavailable' in oracle)) oracle.close()
}

/** Maps that programs name. */
// biome-ignore format: table
export const MAPS: Readonly<Record<string, MapAttributes>> = {
  objects: { name: 'objects', type: MAP_TYPE.ARRAY,   keySizeBytes: 4, valueSizeBytes: OWN.valueSizeBytes, maxEntries: 1, flags: 0 },
  arena:   { name: 'arena',   type: MAP_TYPE.ARENA,   keySizeBytes: 0, valueSizeBytes: 0, maxEntries: 2, flags: MAP_FLAG.MMAPABLE, mapExtra: 2 ** 44 },
  ring:    { name: 'ring',    type: MAP_TYPE.RINGBUF, keySizeBytes: 0, valueSizeBytes: 0, maxEntries: 4096, flags: 0 },
}
const TYPED = { btfKeyTypeId: OWN.keyTypeId, btfValueTypeId: OWN.valueTypeId }

/** One program: its type, and its text. `call name` calls a kernel function, `r1 = name ll` loads a map. */
export interface FunctionProgram {
  readonly type: number
  readonly insns: readonly Insn[]
  readonly calls: readonly { readonly pc: number; readonly name: string }[]
  readonly loads: readonly { readonly pc: number; readonly name: string }[]
  readonly functionInfo: readonly { readonly pc: number; readonly typeId: number }[]
}

/** @param source functions begin with labels of {@link FUNCTION_NAMES}; `type(plain)` is a type's id */
export function assembled(source: string, type: number = PROG_TYPE.SCHED_CLS): FunctionProgram {
  const text = source.replace(/type\((\w+)\)/g, (_, name: string) => String(OWN.ids[name] ?? 0))
  const { insns, labels, relocations } = assembleLlvm(text, { externals: true })
  const named = (kind: 'call' | 'data') =>
    relocations.filter((each) => each.kind === kind).map(({ pc, symbol }) => ({ pc, name: symbol }))
  const functionInfo = FUNCTION_NAMES.flatMap((name, index) => {
    const pc = index === 0 ? 0 : labels.get(name)
    const type = index === 0 && labels.has('caught') ? 'guarded' : name
    return pc === undefined ? [] : [{ pc, typeId: OWN.ids[type] as number }]
  })
  return {
    type,
    insns,
    calls: named('call'),
    loads: named('data'),
    functionInfo: functionInfo.sort((a, b) => a.pc - b.pc),
  }
}

/** The program with its calls and maps resolved. */
function linked({ insns, calls, loads }: FunctionProgram, fdOf: (map: string) => number): readonly Insn[] {
  const all = [...insns]
  for (const { pc, name } of calls) {
    const imm = types?.find(name, 12) ?? 0
    all[pc] = { ...(insns[pc] as Insn), src: BPF_PSEUDO_KFUNC_CALL, off: 0, imm }
  }
  for (const { pc, name } of loads) all[pc] = { ...(insns[pc] as Insn), src: BPF_PSEUDO_MAP_FD, imm: fdOf(name) }
  return all
}

/** The maps that a program names, each made by `create`: those that it does not name it does not wait for. */
function mapsOf<M>(
  { loads }: FunctionProgram,
  create: (attributes: MapAttributes, typed: boolean) => M,
): Map<string, M> {
  return new Map(
    Object.entries(MAPS)
      .filter(([name]) => loads.some((load) => load.name === name))
      .map(([name, attributes]) => [name, create(attributes, name === 'objects')]),
  )
}

/** Programs of SYSCALL sleep, and see no packet. */
const flagsOf = ({ type }: FunctionProgram): number => (type === PROG_TYPE.SYSCALL ? PROG_FLAG.SLEEPABLE : 0)
const inputOf = ({ type }: FunctionProgram): Uint8Array => (type === PROG_TYPE.SYSCALL ? new Uint8Array() : FRAME)

/** What a run left. */
export interface RunLeft {
  readonly retval: number
  /** Objects that are not given up, once the program and its maps are gone. */
  readonly live: number
  readonly records: readonly Uint8Array[]
}

const kernels = new Map<(() => Engine) | undefined, Map<0 | 2, Kernel>>()

/** One kernel of ours an engine, for all programs: what one leaves behind, the next one finds. */
function kernelOf(make: (() => Engine) | undefined, harden: 0 | 2): Kernel {
  const hardened = kernels.get(make) ?? new Map<0 | 2, Kernel>()
  kernels.set(make, hardened)
  const known = hardened.get(harden)
  if (known !== undefined) return known
  const kernel = Kernel.create({
    ...(make === undefined ? {} : { engine: make() }),
    ...(types === undefined ? {} : { kernelBtf: types }),
    harden,
    blindingKeys: seededKeys(7),
    profile: '6.18',
  })
  hardened.set(harden, kernel)
  return kernel
}

/** Runs it `repeat` times on one engine of ours. */
export function runOurs(
  program: FunctionProgram,
  make: (() => Engine) | undefined,
  harden: 0 | 2,
  repeat = 1,
): RunLeft {
  const kernel = kernelOf(make, harden)
  const maps = mapsOf(program, (attributes, typed) =>
    kernel.createMap({ ...attributes, ...(typed ? { btf: OWN.btf, ...TYPED } : {}) }),
  )
  const loaded = kernel.loadProgram({
    name: 'functions',
    type: program.type,
    expectedAttachType: 0,
    license: 'GPL',
    flags: flagsOf(program),
    insns: linked(program, (name) => maps.get(name)?.fd ?? -1),
    btf: OWN.btf,
    functionInfo: program.functionInfo,
  })
  const { retval } = kernel.testRun(loaded, { data: inputOf(program), repeat })
  const records = [...(maps.get('ring')?.consume() ?? [])]
  loaded.close()
  for (const map of maps.values()) map.close()
  return { retval, live: kernel.liveObjects, records }
}

/** Runs it on the running kernel; a refusal comes back as its log. */
export function runTheirs(program: FunctionProgram, repeat = 1): number | string {
  if ('unavailable' in oracle) throw new Error(oracle.unavailable)
  const btfFd = oracle.loadBtf(OWN.btf.encode())
  const maps = mapsOf(program, (attributes, typed) =>
    oracle.createMap({ ...attributes, ...(typed ? { btfFd, ...TYPED } : {}) }),
  )
  const { type, functionInfo } = program
  const insns = linked(program, (name) => maps.get(name)?.fd ?? -1)
  const answer = oracle.loadProgram({ type, flags: flagsOf(program), insns, functionInfo, btfFd, logLevel: 1 })
  const dataIn = inputOf(program)
  const run = dataIn.length === 0 ? {} : { dataIn, repeat }
  const left = answer.ok ? oracle.testRun(answer.fd, run).retval : answer.log
  if (answer.fd >= 0) oracle.close(answer.fd)
  for (const { fd } of maps.values()) oracle.close(fd)
  oracle.close(btfFd)
  return left
}
