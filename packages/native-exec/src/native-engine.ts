import type { MachineCode } from '@bpfoundry/codegen'
import type { Engine, EngineOptions, ProgramImage, Translation } from '@bpfoundry/engine'
import { translateArm64 } from '@bpfoundry/jit-arm64'
import { translateX86 } from '@bpfoundry/jit-x86_64'
import { arm64HasLse, x86Features } from './cpu-features.ts'
import { freeCode, placeCode } from './executable-memory.ts'
import { NativeExecError } from './native-exec-error.ts'
import { NativeThread } from './native-thread.ts'
import { freeProgram, placeProgram, requireNative } from './native-translation.ts'

/** A back end together with what it is called. */
export interface NativeBackEnd {
  readonly name: string
  /** As in `Engine`. */
  readonly prefetches?: boolean
  /** @throws the back end's error for what it can't translate */
  translate(image: ProgramImage, options: EngineOptions): MachineCode
}

/** Names of the engines of machine code. */
export type NativeEngineName = 'x86-64' | 'arm64'

/** The back end for this host's CPU, made for what the CPU has; by process.arch. */
const BACK_ENDS: Readonly<Record<string, () => NativeBackEnd & { readonly name: NativeEngineName }>> = {
  x64: () => {
    const present = x86Features()
    const features = { bmi2: present.has('bmi2'), movbe: present.has('movbe') }
    const abi = process.platform === 'win32' ? 'windows' : 'system-v'
    const translate: NativeBackEnd['translate'] = (image, options) => translateX86(image, { ...options, features, abi })
    return { name: 'x86-64', prefetches: true, translate }
  },
  arm64: () => {
    const lse = arm64HasLse()
    return { name: 'arm64', translate: (image, options) => translateArm64(image, { ...options, lse }) }
  },
}

/** Whether machine code can run here, as which engine, and if not why. */
export type NativeAvailability =
  | { readonly available: true; readonly name: NativeEngineName }
  | { readonly available: false; readonly reason: string }

let known: NativeAvailability | undefined

/** Whether {@link createNativeEngine} works on this host. Finds out once, by placing a piece of code. */
export function nativeEngineAvailable(): NativeAvailability {
  known ??= findOut()
  return known
}

function findOut(): NativeAvailability {
  try {
    freeCode(placeCode(new Uint8Array(1)))
    return { available: true, name: hostBackEnd().name }
  } catch (error) {
    if (!(error instanceof NativeExecError)) throw error
    return { available: false, reason: error.message }
  }
}

function hostBackEnd(): NativeBackEnd & { readonly name: NativeEngineName } {
  const make = BACK_ENDS[process.arch]
  if (make !== undefined) return make()
  throw new NativeExecError({
    code: 'NATIVE_PLATFORM',
    message: `no machine code for ${process.arch}`,
    expected: Object.keys(BACK_ENDS).join(', '),
    hint: 'the wasm engine runs anywhere',
  })
}

/** The engine for this host's CPU: 'x86-64' or 'arm64'. @throws NativeExecError where {@link nativeEngineAvailable} says no */
export function createNativeEngine(options: EngineOptions): Engine {
  return createEngineOf(hostBackEnd(), options)
}

/** An engine of a back end whose code this host's CPU runs. */
export function createEngineOf(backEnd: NativeBackEnd, options: EngineOptions): Engine {
  const { name, prefetches = false } = backEnd
  return {
    name,
    prefetches,
    translate: (image) => placeProgram(name, image, backEnd.translate(image, options)),
    release: (translation: Translation) => freeProgram(requireNative(name, translation)),
    open: (environment) => new NativeThread(name, environment),
  }
}
