import type { MachineCode } from '@bpfoundry/codegen'
import type { Engine, EngineOptions, ProgramImage, Translation } from '@bpfoundry/engine'
import { NativeThread } from './native-thread.ts'
import { freeProgram, placeProgram, requireNative } from './native-translation.ts'

/** A back end together with what it is called. */
export interface NativeBackEnd {
  readonly name: string
  /** @throws the back end's error for what it can't translate */
  translate(image: ProgramImage, options: EngineOptions): MachineCode
}

/** An engine of a back end whose code this host's CPU runs. */
export function createEngineOf(backEnd: NativeBackEnd, options: EngineOptions): Engine {
  const { name } = backEnd
  return {
    name,
    compiles: true,
    translate: (image) => placeProgram(name, image, backEnd.translate(image, options)),
    release: (translation: Translation) => freeProgram(requireNative(name, translation)),
    open: (environment) => new NativeThread(name, environment),
  }
}
