import { BtfError } from '@bpfoundry/btf'
import { ElfError } from '@bpfoundry/elf'
import {
  Collection,
  generateSkeleton,
  LoaderError,
  type LoaderKernel,
  loadCollectionSpec,
  typeInformation,
} from '../src/index.ts'
import { everything } from '../test/object.ts'

export const name = 'loader'

/** A kernel that takes anything. */
const KERNEL: LoaderKernel = {
  createMap: (attributes) => ({ id: 1, fd: 3, attributes, update() {}, freeze() {}, close() {} }),
  loadProgram: ({ name: program }) => ({ id: 1, fd: 4, name: program, close() {} }),
}

/** Reads a whole object, writes its skeleton, and loads what it holds into a kernel that refuses nothing. */
export function fuzzOnce(input: Uint8Array): void {
  try {
    typeInformation(input)
    const spec = loadCollectionSpec(input, { name: 'fuzz.o' })
    for (const variable of spec.variables.keys()) spec.variable(variable)
    generateSkeleton(input, { fileName: 'fuzz.o' })
    Collection.create(spec, { kernel: KERNEL }).close()
  } catch (error) {
    if (error instanceof LoaderError || error instanceof BtfError || error instanceof ElfError) return
    throw error
  }
}

export const seeds = (): Uint8Array[] => [everything('little'), everything('big')]
