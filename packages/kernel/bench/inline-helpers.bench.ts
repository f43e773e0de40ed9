// node --import ./tools/typescript-hook/register.mjs --conditions=source packages/kernel/bench/inline-helpers.bench.ts [filter]
// Inlined helpers in a loop of 1,000 calls within the program, in ns of CPU time a call, the loop itself taken off. The
// case of 16,777,216 entries takes 1.5 GiB of guest memory and some seconds to load: name it (16777216) to run it.
import type { Engine } from '@bpfoundry/engine'
import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_DW,
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_JLT,
  BPF_JMP_IMM,
  BPF_LD_IMM64,
  BPF_LD_MAP_FD,
  BPF_LD_MAP_VALUE,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_MUL,
  BPF_RSH,
  BPF_ST_MEM,
  BPF_STX_MEM,
  BPF_W,
  type Insn,
} from '@bpfoundry/isa'
import { createWasmEngine } from '@bpfoundry/jit-wasm'
import { helperByName, MAP_TYPE, PROG_TYPE, XDP_ACTION } from '@bpfoundry/kernel-abi'
import { PROG_ARRAY_LAYOUT } from '@bpfoundry/maps'
import { adviseHugePages, createNativeEngine, nativeEngineAvailable } from '@bpfoundry/native-exec'
import { Kernel, type KernelMap } from '../src/index.ts'

const CALLS = 1000
const RUNS = 2000
const ROUNDS = 5
const LOADED_AT_ONCE = 65_536
const options = { progArray: PROG_ARRAY_LAYOUT, count: false }

interface Case {
  readonly name: string
  readonly helper: string
  readonly type: number
  readonly keyBytes: number
  readonly entries: number
}

const row = (helper: string, type: number, keyBytes: number, entries: number, name: string): Case => ({
  name: `${name}, ${keyBytes}-byte key, ${entries} entries`,
  helper: `map_${helper}_elem`,
  type,
  keyBytes,
  entries,
})

// biome-ignore format: table
const CASES: readonly Case[] = [
  row('lookup', MAP_TYPE.ARRAY,         4,      1024, 'array look-up'),
  row('update', MAP_TYPE.ARRAY,         4,      1024, 'array update'),
  row('lookup', MAP_TYPE.PERCPU_ARRAY,  4,      1024, 'per-CPU array look-up'),
  row('lookup', MAP_TYPE.HASH,          4,      1024, 'hash look-up'),
  row('lookup', MAP_TYPE.HASH,          8,      1024, 'hash look-up'),
  row('lookup', MAP_TYPE.HASH,         16,      1024, 'hash look-up'),
  row('update', MAP_TYPE.HASH,          4,      1024, 'hash update'),
  row('lookup', MAP_TYPE.PERCPU_HASH,   4,      1024, 'per-CPU hash look-up'),
  row('lookup', MAP_TYPE.LRU_HASH,      4,      1024, 'LRU look-up'),
  row('lookup', MAP_TYPE.HASH,          4,  16777216, 'hash look-up'),
]

/** Keys 0 up to `entries`, as the first word of the key. */
function load(map: KernelMap, { keyBytes, entries }: Case): void {
  const each = Math.min(LOADED_AT_ONCE, entries)
  const values = new Uint8Array(each * map.valueBytes)
  for (let first = 0; first < entries; first += each) {
    const keys = new Uint8Array(each * keyBytes)
    const view = new DataView(keys.buffer)
    for (let n = 0; n < each; n++) view.setUint32(n * keyBytes, first + n, true)
    map.updateMany(keys, values, each)
  }
}

/** r7 is a state whose highest bits choose the key; without `helper` the same loop that calls nothing. */
function loop(map: KernelMap, state: KernelMap, { keyBytes, entries }: Case, helper: number | undefined): Insn[] {
  const address = (register: number, at: number) => [BPF_MOV64_REG(register, 10), BPF_ALU64_IMM(BPF_ADD, register, at)]
  const body = [
    ...BPF_LD_IMM64(1, 6364136223846793005n),
    BPF_ALU64_REG(BPF_MUL, 7, 1),
    BPF_ALU64_IMM(BPF_ADD, 7, 1442695041),
    BPF_MOV64_REG(1, 7),
    BPF_ALU64_IMM(BPF_RSH, 1, 64 - Math.log2(entries)),
    BPF_STX_MEM(BPF_W, 10, 1, -keyBytes),
    ...BPF_LD_MAP_FD(1, map.fd),
    ...address(2, -keyBytes),
    ...address(3, -24),
    BPF_MOV64_IMM(4, 0),
    ...(helper === undefined ? [] : [BPF_EMIT_CALL(helper)]),
    BPF_ALU64_IMM(BPF_ADD, 6, 1),
  ]
  return [
    ...BPF_LD_MAP_VALUE(9, state.fd, 0),
    BPF_LDX_MEM(BPF_DW, 7, 9, 0),
    BPF_MOV64_IMM(6, 0),
    ...[-8, -16, -24].map((at) => BPF_ST_MEM(BPF_DW, 10, at, 0)),
    ...body,
    BPF_JMP_IMM(BPF_JLT, 6, CALLS, -(body.length + 1)),
    BPF_STX_MEM(BPF_DW, 9, 7, 0),
    BPF_MOV64_IMM(0, XDP_ACTION.PASS),
    BPF_EXIT_INSN(),
  ]
}

/** ns of this process a call: the least of some rounds. */
function measure(kernel: Kernel, insns: readonly Insn[]): number {
  const request = { name: 'loop', type: PROG_TYPE.XDP, expectedAttachType: 0, insns, license: 'GPL', flags: 0 }
  const program = kernel.loadProgram(request)
  const round = (): number => {
    const before = process.cpuUsage()
    kernel.testRun(program, { data: new Uint8Array(64), repeat: RUNS })
    const { user, system } = process.cpuUsage(before)
    return ((user + system) * 1000) / (RUNS * CALLS)
  }
  return Math.min(...Array.from({ length: ROUNDS }, round))
}

function run(engine: Engine, one: Case): number {
  const kernel = Kernel.create({ engine })
  const { type, keyBytes: keySizeBytes, entries: maxEntries } = one
  const map = kernel.createMap({ name: 'm', type, keySizeBytes, valueSizeBytes: 8, maxEntries, flags: 0 })
  const state = { name: 's', type: MAP_TYPE.ARRAY, keySizeBytes: 4, valueSizeBytes: 8, maxEntries: 1, flags: 0 }
  const { address, memoryBytes } = map.storage
  adviseHugePages(kernel.memory.memory, address, memoryBytes)
  load(map, one)
  const stateMap = kernel.createMap(state)
  const called = measure(kernel, loop(map, stateMap, one, helperByName(one.helper)?.id))
  return called - measure(kernel, loop(map, stateMap, one, undefined))
}

const filter = process.argv[2]
const isChosen = ({ name, entries }: Case): boolean =>
  filter === undefined ? entries < 2 ** 20 : name.includes(filter)
const native = nativeEngineAvailable()
const engines = [createWasmEngine(options), ...(native.available ? [createNativeEngine(options)] : [])]
const rows = CASES.filter(isChosen).map((one) => [
  one.name,
  Object.fromEntries(engines.map((engine) => [engine.name, Number(run(engine, one).toFixed(1))])),
])
console.table(Object.fromEntries(rows))
