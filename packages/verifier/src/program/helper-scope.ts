import { type HelperScope, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { iteratorOf } from '../kernel-types/attach-target.ts'
import { structOpsPlace } from '../kernel-types/struct-ops-target.ts'
import type { VerifierOptions, VerifierProgram } from '../verifier-api.ts'

/** What decides which helpers the program may call, besides its type. */
export function helperScope(
  program: VerifierProgram,
  { capabilities, kernelBtf, profile }: VerifierOptions,
): HelperScope {
  const isStructOps = program.type === PROG_TYPE.STRUCT_OPS && kernelBtf !== undefined
  const place = isStructOps ? structOpsPlace(program, kernelBtf) : undefined
  const iterator = kernelBtf === undefined ? undefined : iteratorOf(program, kernelBtf)
  return {
    attachType: program.expectedAttachType,
    ...(place === undefined ? {} : { structOps: place }),
    ...(iterator === undefined ? {} : { iterator }),
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(profile === undefined ? {} : { release: profile }),
  }
}
