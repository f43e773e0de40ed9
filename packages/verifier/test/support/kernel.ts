import { type KernelOracle, kernelOracle, type OracleMap } from '@bpfoundry/kernel-oracle'
import type { VerifierProgram } from '../../src/index.ts'
import { FROZEN_VALUE, INNER, MAPS, type MapName, VALUE_BTF } from './case.ts'

/** The running kernel with the maps of the cases. */
export interface CaseKernel {
  readonly oracle: KernelOracle
  readonly fdOf: (name: MapName) => number
}

/** Opens the maps; or says why there is no kernel to ask. */
export function openCaseKernel(): CaseKernel | { readonly unavailable: string } {
  const oracle = kernelOracle()
  if ('unavailable' in oracle) return oracle
  const made = new Map<MapName, OracleMap>()
  for (const [name, { inner: _, fields: _fields, ...attributes }] of MAPS) {
    const inner = made.get(INNER[name] as MapName)
    const spec = { ...attributes, ...valueTypes(oracle, name), ...(inner === undefined ? {} : { inner }) }
    const map = oracle.createMap(spec)
    made.set(name, map)
    if (name === 'frozen') {
      oracle.updateMap(map, new Uint8Array(4), FROZEN_VALUE)
      oracle.freezeMap(map)
    }
  }
  return { oracle, fdOf: (name) => made.get(name)?.fd as number }
}

function valueTypes(oracle: KernelOracle, name: MapName): object {
  const types = VALUE_BTF.get(name)
  if (types === undefined) return {}
  const { btf, keyTypeId, valueTypeId } = types
  return { btfFd: oracle.loadBtf(btf.encode()), btfKeyTypeId: keyTypeId, btfValueTypeId: valueTypeId }
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
