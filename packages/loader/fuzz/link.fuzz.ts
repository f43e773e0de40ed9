import { BtfError } from '@bpfoundry/btf'
import { ElfError } from '@bpfoundry/elf'
import { LoaderError, linkObjects } from '../src/index.ts'
import { linkableObject } from '../test/linking/linkable-object.ts'

export const name = 'link'

/** Links an object with itself: all that it has is there twice. */
export function fuzzOnce(input: Uint8Array): void {
  const object = { name: 'fuzz.o', bytes: input }
  try {
    linkObjects([object])
    linkObjects([object, object])
  } catch (error) {
    if (error instanceof LoaderError || error instanceof BtfError || error instanceof ElfError) return
    throw error
  }
}

export const seeds = (): Uint8Array[] => [linkableObject('little'), linkableObject('big')]
