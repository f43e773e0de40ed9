import { nearestNames } from '@bpfoundry/diagnostics'
import type { Engine, EngineOptions } from '@bpfoundry/engine'
import { createInterpreter } from '@bpfoundry/interpreter'
import { createWasmEngine } from '@bpfoundry/jit-wasm'
import { PROG_ARRAY_LAYOUT } from '@bpfoundry/maps'
import {
  createNativeEngine,
  createRemoteArm64Engine,
  nativeEngineAvailable,
  remoteArm64Available,
} from '@bpfoundry/native-exec'
import { NfpEngine } from '@bpfoundry/nfp'
import { TestbenchError } from './testbench-error.ts'

const OPTIONS: EngineOptions = { progArray: PROG_ARRAY_LAYOUT }

/** One engine that `--engine` can name. */
interface EngineRow {
  readonly name: string
  /** What it is, for people. */
  readonly is: string
  /** Whether it is for hosts like this one, by what is known without trying. */
  readonly offered: boolean
  /** Why this host can't run it; undefined where it can. Tries it out. */
  readonly obstacle: () => string | undefined
  readonly make: () => Engine
}

/** What JavaScript alone can run. */
const ANYWHERE = { offered: true, obstacle: (): undefined => undefined } as const

/** Machine code runs on the CPU that it is for, where memory may execute. */
function nativeRow(name: string, arch: NodeJS.Architecture): EngineRow {
  return {
    name,
    is: 'machine code of this host',
    offered: process.arch === arch,
    obstacle() {
      if (process.arch !== arch) return `this host is ${process.arch}`
      const availability = nativeEngineAvailable()
      return availability.available ? undefined : availability.reason
    },
    make: () => createNativeEngine(OPTIONS),
  }
}

/** arm64 code on another CPU: in a process that qemu emulates. For comparing, not for speed. */
function emulatedArm64(): EngineRow {
  const availability = remoteArm64Available()
  return {
    name: 'arm64',
    is: 'machine code, emulated by qemu',
    offered: availability.available,
    obstacle: () => (availability.available ? undefined : availability.reason),
    make: () => createRemoteArm64Engine(OPTIONS),
  }
}

/**
 * Executes what is offloaded word by word, as the card does. Not among {@link ENGINE_NAMES}: it is the wasm engine for
 * everything else.
 */
export const CARD_ENGINE = 'nfp'

// biome-ignore format: one row a line
const ROWS: readonly EngineRow[] = [
  { name: 'interpreter', is: 'the executable specification', ...ANYWHERE, make: () => createInterpreter() },
  { name: 'wasm',        is: 'compiled to WebAssembly',      ...ANYWHERE, make: () => createWasmEngine(OPTIONS) },
  nativeRow('x86-64', 'x64'),
  process.arch === 'arm64' ? nativeRow('arm64', 'arm64') : emulatedArm64(),
  { name: CARD_ENGINE,   is: "an offload card's own words on simulated cores; wasm for the host", offered: false, obstacle: () => undefined, make: () => new NfpEngine(createWasmEngine(OPTIONS)) },
]

/** Stands for the fastest engine that runs here. */
const AUTO = 'auto'
/** What `auto` tries, in this order; the last one runs everywhere. */
const PREFERENCE = [process.arch === 'arm64' ? 'arm64' : 'x86-64', 'wasm']

/** Names of the engines for hosts like this one, and `auto`. */
export const ENGINE_NAMES: readonly string[] = [...ROWS.filter(({ offered }) => offered).map(({ name }) => name), AUTO]

/** What runs anywhere, and fast: the engine of who names none. */
export const DEFAULT_ENGINE = 'wasm'

/** What a name stands for on this host. */
export interface EngineDescription {
  /** The engine's own name. */
  readonly name: string
  readonly is: string
  /** For `auto`: why not the ones before it. */
  readonly why?: string
  /** Why it can't run on this host, when it can't. */
  readonly obstacle?: string
}

/** @throws TestbenchError TESTBENCH_ENGINE where there is no such name */
export function describeEngine(name: string): EngineDescription {
  if (name === AUTO) return describeAuto()
  const { is, obstacle: find } = rowOf(name)
  const obstacle = find()
  return { name, is, ...(obstacle === undefined ? {} : { obstacle }) }
}

/** @throws TestbenchError TESTBENCH_ENGINE where there is no such name, or this host can't run it */
export function engineByName(name: string): Engine {
  const row = rowOf(name === AUTO ? describeAuto().name : name)
  const obstacle = row.obstacle()
  if (obstacle === undefined) return row.make()
  throw new TestbenchError({
    code: 'TESTBENCH_ENGINE',
    message: `engine ${name} does not run here: ${obstacle}`,
    got: name,
    hint: 'the wasm engine and the interpreter run anywhere; auto takes what does',
  })
}

function describeAuto(): EngineDescription {
  const passed: string[] = []
  for (const name of PREFERENCE) {
    const { is, obstacle: find } = rowOf(name)
    const obstacle = find()
    if (obstacle === undefined)
      return { name, is, ...(passed.length === 0 ? {} : { why: `not ${passed.join(', not ')}` }) }
    passed.push(`${name} (${obstacle})`)
  }
  throw new Error('no engine runs here')
}

function rowOf(name: string): EngineRow {
  const row = ROWS.find((each) => each.name === name)
  if (row !== undefined) return row
  throw new TestbenchError({
    code: 'TESTBENCH_ENGINE',
    message: `no such engine: ${name}`,
    got: name,
    expected: ENGINE_NAMES.join(', '),
    hint: nearestNames(name, ENGINE_NAMES),
  })
}
