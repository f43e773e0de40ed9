import { type KernelOracle, kernelOracle } from '@bpfoundry/kernel-oracle'
import type { VerifierProgram } from '../../src/index.ts'
import { FROZEN_VALUE, MAPS, type MapName } from './case.ts'

/** The running kernel with the maps of the cases. */
export interface CaseKernel {
  readonly oracle: KernelOracle
  readonly fdOf: (name: MapName) => number
}

/** Opens the maps; or says why there is no kernel to ask. */
export function openCaseKernel(): CaseKernel | { readonly unavailable: string } {
  const oracle = kernelOracle()
  if ('unavailable' in oracle) return oracle
  const fds = new Map<MapName, number>()
  for (const [name, { inner: _, ...map }] of MAPS) {
    const made = oracle.createMap(map)
    fds.set(name, made.fd)
    if (name === 'frozen') {
      oracle.updateMap(made, new Uint8Array(4), FROZEN_VALUE)
      oracle.freezeMap(made)
    }
  }
  return { oracle, fdOf: (name) => fds.get(name) as number }
}

/** What the kernel says of a program. */
export function askKernel(
  oracle: KernelOracle,
  program: VerifierProgram,
  logLevel: number,
  untrusted: boolean = false,
): { ok: boolean; log: string } {
  const { btf, functionInfo } = program
  const btfFd = btf === undefined ? undefined : oracle.loadBtf(btf.encode())
  const answer = oracle.loadProgram({
    type: program.type,
    insns: program.insns,
    logLevel,
    expectedAttachType: program.expectedAttachType,
    flags: program.flags ?? 0,
    ...(untrusted ? { privilege: 'no-perfmon' } : {}),
    license: program.gplCompatible ? 'GPL' : 'Proprietary',
    ...(btfFd === undefined ? {} : { btfFd, functionInfo: functionInfo ?? [] }),
  })
  if (btfFd !== undefined) oracle.close(btfFd)
  if (answer.fd >= 0) oracle.close(answer.fd)
  return { ok: answer.ok, log: answer.log }
}
