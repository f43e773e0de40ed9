/** The door to C: koffi, loaded at the first use, so that who never runs machine code never needs it. */
import { createRequire } from 'node:module'
import type koffiModule from 'koffi'
import { NativeExecError } from './native-exec-error.ts'

export type Koffi = typeof koffiModule

let loaded: Koffi | undefined

/** @throws NativeExecError NATIVE_NO_KOFFI where koffi has no build for this platform, or is not installed */
export function loadKoffi(): Koffi {
  loaded ??= requireKoffi()
  return loaded
}

function requireKoffi(): Koffi {
  try {
    return createRequire(import.meta.url)('koffi') as Koffi
  } catch (cause) {
    throw new NativeExecError({
      code: 'NATIVE_NO_KOFFI',
      message: `koffi does not load on ${process.platform} ${process.arch}`,
      hint: 'machine code needs it to be called; the wasm engine and the interpreter do not',
      cause,
    })
  }
}

/** Symbolic name of the C library's errno after a failed call: `ENOMEM`. */
export function lastErrno(koffi: Koffi): string {
  const number = koffi.errno()
  const known = Object.entries(koffi.os.errno).find(([, value]) => value === number)
  return known === undefined ? String(number) : known[0]
}

/**
 * Host address of a buffer's first byte. It stays where it is as long as the buffer lives: backing stores don't move,
 * neither ordinary ones nor a shared WebAssembly.Memory, which reserves its maximum.
 */
export function addressOf(buffer: ArrayBuffer | SharedArrayBuffer): number {
  return Number(loadKoffi().address(new Uint8Array(buffer)))
}

/** A C function at a host address: `result` and `parameters` in koffi's names of types. */
export function functionAt(
  address: number,
  result: string,
  parameters: readonly string[],
): (...args: number[]) => number {
  const koffi = loadKoffi()
  return koffi.decode(BigInt(address), koffi.proto(result, [...parameters])) as (...args: number[]) => number
}
