import { encodeInsns, type Insn } from '@bpfoundry/isa'
import { programTypeName } from '@bpfoundry/kernel-abi'
import type { Expectation } from './vector.ts'

/** A vector to write: the fields that most cases have. */
export interface NewVector {
  readonly id: string | number
  /** BPF_PROG_TYPE_* */
  readonly type: number
  readonly insns: readonly Insn[]
  readonly dataIn?: Uint8Array
  readonly repeat?: number
  readonly expect?: Expectation
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** One line of the JSON Lines format, without its line break. */
export function formatVector({ id, type, insns, dataIn, repeat, expect }: NewVector): string {
  return JSON.stringify({
    id,
    prog_type: programTypeName(type),
    insns: hex(encodeInsns(insns)),
    ...(dataIn === undefined ? {} : { data_in: hex(dataIn) }),
    ...(repeat === undefined ? {} : { repeat }),
    ...(expect === undefined ? {} : { expect }),
  })
}
