/** Every engine that this host runs, and the variants of machine code that other hosts would get. */
import type { Engine } from '@bpfoundry/engine'
import { PROG_ARRAY_LAYOUT } from '@bpfoundry/maps'
import {
  ContainedRunner,
  createRemoteArm64Engine,
  nativeEngineAvailable,
  remoteArm64Available,
} from '@bpfoundry/native-exec'
import { engineByName } from '@bpfoundry/testbench'
import { hostFeatures, x86Engine } from '../../../jit-x86_64/test/harness.ts'
import { BARE_HELPERS_MODULE, type BareMachine, createBareMachine, createContainedMachine } from '../../src/index.ts'

/** A machine to run cases on, or why there is none. */
export interface MachineRow {
  readonly name: string
  readonly missing: string | undefined
  /** Every how many-th program it runs for those who wait: variants, and what gets its programs by message, take longer. */
  readonly step: number
  readonly make: () => BareMachine
}

const OPTIONS = { progArray: PROG_ARRAY_LAYOUT }
/** What a generated program takes in another process, on a busy host. */
const TIME_LIMIT_MS = 120_000

const inPlace = (name: string, missing: string | undefined, make: () => Engine, step = 1): MachineRow => ({
  name,
  missing,
  step,
  make: () => createBareMachine(make()),
})

const native = nativeEngineAvailable()
const arm64 = remoteArm64Available()
const notX86 = process.arch === 'x64' && native.available ? undefined : `x86-64 code does not run on ${process.arch}`
const notArm64 = arm64.available ? undefined : arm64.reason
/** A CPU without FEAT_LSE, where there is qemu to be one. */
const OLD_CPU = process.arch === 'arm64' ? {} : { cpu: 'cortex-a53' }

// biome-ignore format: one row a line
export const MACHINES: readonly MachineRow[] = [
  inPlace('interpreter',                       undefined, () => engineByName('interpreter')),
  inPlace('wasm',                              undefined, () => engineByName('wasm')),
  inPlace('x86-64 with all that this CPU has', notX86,    () => x86Engine(hostFeatures(), OPTIONS)),
  inPlace('x86-64-v1',                         notX86,    () => x86Engine({}, OPTIONS), 5),
  inPlace('x86-64 after the shared passes',    notX86,    () => x86Engine(hostFeatures(), { ...OPTIONS, optimise: true }), 5),
  inPlace('arm64 with every feature',          notArm64,  () => createRemoteArm64Engine(OPTIONS)),
  inPlace('arm64 without FEAT_LSE',            notArm64,  () => createRemoteArm64Engine({ ...OPTIONS, lse: false, ...OLD_CPU }), 5),
  {
    name: 'machine code of this host in a process of its own',
    missing: native.available ? undefined : native.reason,
    step: 10,
    make: () =>
      createContainedMachine(
        native.available ? native.name : 'none',
        new ContainedRunner({ options: OPTIONS, helpers: BARE_HELPERS_MODULE, timeLimitMs: TIME_LIMIT_MS }),
      ),
  },
]
