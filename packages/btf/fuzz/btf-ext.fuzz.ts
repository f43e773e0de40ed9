import { BtfError, decodeBtfExt } from '../src/index.ts'
import { everyKind, extSection } from './seed-types.ts'

export const name = 'btf-ext'

const TYPES = everyKind()

export function fuzzOnce(input: Uint8Array): void {
  try {
    decodeBtfExt(input, TYPES)
  } catch (error) {
    if (!(error instanceof BtfError)) throw error
  }
}

export const seeds = (): Uint8Array[] => [extSection(everyKind('little')), extSection(everyKind('big'))]
