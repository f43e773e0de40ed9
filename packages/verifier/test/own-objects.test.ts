/** Objects of a program's own: each program is put to the running kernel and to us, and the logs are compared line by line. */
import { existsSync, readFileSync } from 'node:fs'
import { BTF_KIND, LazyBtf } from '@bpfoundry/btf'
import { assembleLlvm, BPF_CALL, BPF_JMP, BPF_PSEUDO_KFUNC_CALL, disassembleKernel, type Insn } from '@bpfoundry/isa'
import { MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { kernelOracle } from '@bpfoundry/kernel-oracle'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { mapFields, type VerifierMap, type VerifierProgram, type VerifierResult, verify } from '../src/index.ts'
import { LIST_CASES, OWN_CASES, OWN_VERDICTS } from './cases/own-objects.ts'
import { comparableLog } from './support/log-text.ts'
import { mutated, type Roll } from './support/mutation.ts'
import { OWN, type OwnStruct } from './support/own-types.ts'
import { repetitions } from './support/repetitions.ts'

const VMLINUX = '/sys/kernel/btf/vmlinux'
const LEVEL = 2
const PROGRAMS = repetitions('VERIFIER_MUTATED_PROGRAMS', 500, 150)
const CALLS = [
  'bpf_obj_new_impl',
  'bpf_obj_drop_impl',
  'bpf_refcount_acquire_impl',
  'bpf_list_push_front_impl',
  'bpf_list_pop_back',
] as const
const FIRST_CALL = 9000
const CASES = [...OWN_CASES, ...LIST_CASES]

const oracle = kernelOracle()
const types = existsSync(VMLINUX) ? new LazyBtf(readFileSync(VMLINUX)) : undefined
const { btf, keyTypeId, valueTypeId, valueSizeBytes } = OWN

function absence(): string | undefined {
  if ('unavailable' in oracle) return oracle.unavailable
  if (types === undefined) return `no ${VMLINUX}`
  return oracle.release.startsWith('6.18.') ? undefined : `made for 6.18, this is ${oracle.release}`
}

const missing = absence()
const shape = { type: MAP_TYPE.ARRAY, keySizeBytes: 4, valueSizeBytes, maxEntries: 1, flags: 0, name: 'objects' }
const btfFd = 'unavailable' in oracle || missing !== undefined ? -1 : oracle.loadBtf(btf.encode())
const mapFd =
  'unavailable' in oracle || missing !== undefined
    ? -1
    : oracle.createMap({ ...shape, btfFd, btfKeyTypeId: keyTypeId, btfValueTypeId: valueTypeId }).fd
const map: VerifierMap = { ...shape, id: 1, fields: mapFields(btf, valueTypeId, valueSizeBytes) }

afterAll(() => {
  if (!('unavailable' in oracle)) oracle.close()
})

/** The instructions of a case, with the words for its calls replaced. */
function assembled(asm: string): readonly Insn[] {
  const source = `r1 = r1\n${asm}\nout: r0 = 0\nexit`
    .replace(/new\((\w+)\)/g, (_, name: string) => `r1 = ${OWN.ids[name as OwnStruct] ?? name}\nr2 = 0\ncall 9000`)
    .replace(/^drop$/gm, 'r2 = 0\ncall 9001')
    .replace(/^acquire$/gm, 'r2 = 0\ncall 9002')
    .replace(/^exchange$/gm, 'call 194')
    .replace(/^slot$/gm, '*(u32 *)(r10 - 4) = 0\nr2 = r10\nr2 += -4\nr1 = objects ll\ncall 1\nif r0 == 0 goto out')
  const { insns, relocations } = assembleLlvm(source, { externals: true })
  const loads = new Set(relocations.map(({ pc }) => pc))
  return insns.map((insn, pc) => {
    if (loads.has(pc)) return { ...insn, src: 1, imm: mapFd }
    const name = insn.opcode === (BPF_JMP | BPF_CALL) && insn.src === 0 ? CALLS[insn.imm - FIRST_CALL] : undefined
    if (name === undefined) return insn
    return { ...insn, src: BPF_PSEUDO_KFUNC_CALL, imm: types?.find(name, BTF_KIND.FUNC) ?? 0 }
  })
}

function programOf(insns: readonly Insn[]): VerifierProgram {
  return {
    name: 'case',
    type: PROG_TYPE.SCHED_CLS,
    expectedAttachType: 0,
    insns,
    gplCompatible: true,
    maps: new Map([[mapFd, map]]),
    btf,
    functionInfo: [{ pc: 0, typeId: OWN.functionTypeId }],
  }
}

function askOurs(program: VerifierProgram): VerifierResult {
  return verify(program, { profile: '6.18', ...(types === undefined ? {} : { kernelBtf: types }) }, { logLevel: LEVEL })
}

function askTheirs({ type, insns, functionInfo = [] }: VerifierProgram): { ok: boolean; log: string } {
  if ('unavailable' in oracle) throw new Error(oracle.unavailable)
  const answer = oracle.loadProgram({ type, insns, functionInfo, btfFd, license: 'GPL', logLevel: LEVEL })
  if (answer.fd >= 0) oracle.close(answer.fd)
  return answer
}

function dice(seed: number): Roll {
  let state = seed | 0
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 8) % sides
  }
}

describe('objects of the program: the verdict of 6.12', () => {
  it.each(OWN_VERDICTS)('%s', (_name, asm, verdict) => {
    if (types === undefined) return
    const result = verify(programOf(assembled(asm)), { kernelBtf: types })
    expect(result.ok ? 'accepted' : result.rejection.message).toBe(verdict)
  })

  it('has the types of a kernel', (ctx) => {
    if (types === undefined) ctx.skip(`no ${VMLINUX}: ${OWN_VERDICTS.length} cases`)
  })
})

describe('objects of the program: the log of the running kernel', () => {
  it.each(CASES)('%s', (_name, asm) => {
    if (missing !== undefined) return
    const program = programOf(assembled(asm))
    expect(comparableLog(askOurs(program).log)).toBe(comparableLog(askTheirs(program).log))
  })

  it('changed a little: nothing is accepted that the running kernel refuses', (ctx) => {
    if (missing !== undefined) return ctx.skip(missing)
    const ids = CALLS.map((name) => types?.find(name, BTF_KIND.FUNC) ?? 0)
    let accepted = 0
    const property = fc.property(fc.integer(), (seed) => {
      const roll = dice(seed)
      const [, asm] = CASES[roll(CASES.length)] ?? ['', '']
      const program = programOf(mutated(assembled(asm), roll, ids))
      if (!askOurs(program).ok) return
      accepted++
      const theirs = askTheirs(program)
      if (!theirs.ok) throw new Error(`accepted by us only:\n${disassembleKernel(program.insns)}\n${theirs.log}`)
    })
    fc.assert(property, { numRuns: PROGRAMS })
    expect(accepted).toBeGreaterThan(PROGRAMS / 100)
  })

  it('was there to be compared with', (ctx) => {
    if (missing !== undefined) ctx.skip(`${missing}: ${CASES.length} cases`)
    expect(btfFd).toBeGreaterThanOrEqual(0)
  })
})
