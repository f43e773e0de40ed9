/**
 * Programs with types and maps of their own that call functions of the kernel: each is put to the running kernel and to us,
 * and the logs are compared line by line; then they are changed a little, and nothing may be accepted that it refuses.
 */
import { existsSync, readFileSync } from 'node:fs'
import { BTF_KIND, type Btf, LazyBtf } from '@bpfoundry/btf'
import { assembleLlvm, BPF_CALL, BPF_JMP, BPF_PSEUDO_KFUNC_CALL, disassembleKernel, type Insn } from '@bpfoundry/isa'
import { PROG_FLAG, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { type KernelOracle, kernelOracle, type OracleMap } from '@bpfoundry/kernel-oracle'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { mapFields, type VerifierMap, type VerifierProgram, type VerifierResult, verify } from '../../src/index.ts'
import { functionStarts } from './functions.ts'
import { comparableLog } from './log-text.ts'
import { mutated, type Roll } from './mutation.ts'
import { repetitions } from './repetitions.ts'

const VMLINUX = '/sys/kernel/btf/vmlinux'
const LEVEL = 2
const PROGRAMS = repetitions('VERIFIER_MUTATED_PROGRAMS', 500, 150)
const FIRST_CALL = 9000
/** Look-ups, comparisons and formats of strings: what calls of helpers may turn to. */
const HELPERS = [1, 182, 165] as const

/** A map that cases name. */
export interface SettingMap {
  readonly type: number
  readonly keySizeBytes: number
  readonly maxEntries: number
  readonly flags?: number
  readonly mapExtra?: number
  /** What its value is; nobody can change it any more. */
  readonly frozenValue?: Uint8Array
  readonly keyTypeId: number
  readonly valueTypeId: number
  readonly valueSizeBytes: number
}

/** What the programs of some cases have in common. */
export interface Setting {
  readonly btf: Btf
  /** Type ids of the functions, in the order of their starts; programs that have fewer leave the last ones out. */
  readonly functions: readonly number[]
  readonly maps: Readonly<Record<string, SettingMap>>
  /** Functions of the kernel: `call 9000` is of the first. */
  readonly calls: readonly string[]
  /** Words of the cases, and what they stand for. */
  readonly words: readonly (readonly [word: RegExp, text: string])[]
}

/** One program and what it is about; `sleeps` makes it a program of SYSCALL. */
export type SettingCase = readonly [name: string, asm: string, sleeps?: 'sleeps']

const oracle = kernelOracle()
const types = existsSync(VMLINUX) ? new LazyBtf(readFileSync(VMLINUX)) : undefined

function absence(): string | undefined {
  if ('unavailable' in oracle) return oracle.unavailable
  if (types === undefined) return `no ${VMLINUX}`
  return oracle.release.startsWith('6.18.') ? undefined : `made for 6.18, this is ${oracle.release}`
}

interface OpenMap {
  readonly fd: number
  readonly map: VerifierMap
}

/** The setting in the running kernel. */
class OpenSetting {
  readonly #setting: Setting
  readonly #oracle: KernelOracle | undefined
  readonly #types: LazyBtf
  readonly #btfFd: number
  readonly #maps: ReadonlyMap<string, OpenMap>
  readonly callIds: readonly number[]

  /** @param kernel the running kernel; undefined where it is not asked */
  constructor(setting: Setting, kernel: KernelOracle | undefined, kernelTypes: LazyBtf) {
    this.#setting = setting
    this.#oracle = kernel
    this.#types = kernelTypes
    this.callIds = setting.calls.map((name) => kernelTypes.find(name, BTF_KIND.FUNC) ?? 0)
    this.#btfFd = kernel?.loadBtf(setting.btf.encode()) ?? -1
    this.#maps = new Map(Object.entries(setting.maps).map(([name, map], index) => [name, this.#open(name, map, index)]))
  }

  #open(name: string, row: SettingMap, index: number): OpenMap {
    const { keyTypeId, valueTypeId, flags = 0, frozenValue, ...rest } = row
    const shape = { ...rest, flags, name }
    const described = { btfFd: this.#btfFd, btfKeyTypeId: keyTypeId, btfValueTypeId: valueTypeId }
    const made = this.#oracle?.createMap(valueTypeId === 0 ? shape : { ...shape, ...described })
    if (made !== undefined && frozenValue !== undefined) this.#freeze(made, frozenValue)
    const fields = valueTypeId === 0 ? {} : { fields: mapFields(this.#setting.btf, valueTypeId, rest.valueSizeBytes) }
    const constant = frozenValue === undefined ? {} : { constantValue: frozenValue }
    return { fd: made?.fd ?? index + 1, map: { ...shape, id: index + 1, ...fields, ...constant } }
  }

  #freeze(map: OracleMap, value: Uint8Array): void {
    this.#oracle?.updateMap(map, new Uint8Array(4), value)
    this.#oracle?.freezeMap(map)
  }

  program([, asm, sleeps]: SettingCase): VerifierProgram {
    const insns = this.#assemble(asm)
    const starts = functionStarts(insns)
    const { btf, functions } = this.#setting
    return {
      name: 'case',
      type: sleeps === undefined ? PROG_TYPE.SCHED_CLS : PROG_TYPE.SYSCALL,
      flags: sleeps === undefined ? 0 : PROG_FLAG.SLEEPABLE,
      expectedAttachType: 0,
      insns,
      gplCompatible: true,
      maps: new Map([...this.#maps.values()].map(({ fd, map }) => [fd, map])),
      btf,
      functionInfo: starts.map((pc, index) => ({ pc, typeId: functions[index] ?? 0 })),
    }
  }

  #assemble(asm: string): readonly Insn[] {
    const text = this.#setting.words.reduce((source, [word, meaning]) => source.replace(word, meaning), asm)
    const { insns, relocations } = assembleLlvm(text, { externals: true })
    const loads = new Map(relocations.map(({ pc, symbol }) => [pc, this.#maps.get(symbol)?.fd ?? -1]))
    return insns.map((insn, pc) => {
      const fd = loads.get(pc)
      if (fd !== undefined) return { ...insn, src: 1, imm: fd }
      const isCall = insn.opcode === (BPF_JMP | BPF_CALL) && insn.src === 0
      const id = isCall ? this.callIds[insn.imm - FIRST_CALL] : undefined
      return id === undefined ? insn : { ...insn, src: BPF_PSEUDO_KFUNC_CALL, imm: id }
    })
  }

  ours(program: VerifierProgram, profile = '6.18'): VerifierResult {
    return verify(program, { profile, kernelBtf: this.#types }, { logLevel: LEVEL })
  }

  theirs({ type, insns, flags = 0, functionInfo = [] }: VerifierProgram): { ok: boolean; log: string } {
    const request = { type, insns, flags, functionInfo, btfFd: this.#btfFd, license: 'GPL', logLevel: LEVEL }
    if (this.#oracle === undefined) throw new Error('no kernel to ask')
    const answer = this.#oracle.loadProgram(request)
    if (answer.fd >= 0) this.#oracle.close(answer.fd)
    return answer
  }
}

function dice(seed: number): Roll {
  let state = seed | 0
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 8) % sides
  }
}

function changeALittle(open: OpenSetting, cases: readonly SettingCase[]): number {
  let accepted = 0
  const property = fc.property(fc.integer(), (seed) => {
    const roll = dice(seed)
    const program = open.program(cases[roll(cases.length)] as SettingCase)
    const changed = { ...program, insns: mutated(program.insns, roll, [...open.callIds, ...HELPERS]) }
    if (!open.ours(changed).ok) return
    accepted++
    const theirs = open.theirs(changed)
    if (!theirs.ok) throw new Error(`accepted by us only:\n${disassembleKernel(changed.insns)}\n${theirs.log}`)
  })
  fc.assert(property, { numRuns: PROGRAMS })
  return accepted
}

/** Compares all cases of a setting, and changed ones. */
export function compareWithKernel(title: string, setting: Setting, cases: readonly SettingCase[]): void {
  const missing = absence()
  const open =
    'unavailable' in oracle || types === undefined || missing !== undefined
      ? undefined
      : new OpenSetting(setting, oracle, types)

  afterAll(() => {
    if (!('unavailable' in oracle)) oracle.close()
  })

  describe(`${title}: the log of the running kernel`, () => {
    it.each(cases.map((row) => [row[0], row] as const))('%s', (_name, row) => {
      if (open === undefined) return
      const program = open.program(row)
      expect(comparableLog(open.ours(program).log)).toBe(comparableLog(open.theirs(program).log))
    })

    it('changed a little: nothing is accepted that the running kernel refuses', (ctx) => {
      if (open === undefined) return ctx.skip(`${missing}: ${cases.length} cases`)
      expect(changeALittle(open, cases)).toBeGreaterThan(PROGRAMS / 100)
    })
  })
}

/** Where 6.12 differs from the kernel compared with: what it says in the end, by its source. */
export function judgeBy612(
  title: string,
  setting: Setting,
  verdicts: readonly (readonly [name: string, asm: string, verdict: string])[],
): void {
  describe(`${title}: the verdict of 6.12`, () => {
    const open = types === undefined ? undefined : new OpenSetting(setting, undefined, types)

    it.each(verdicts)('%s', (name, asm, verdict) => {
      if (open === undefined) return
      const result = open.ours(open.program([name, asm]), '6.12')
      expect(result.ok ? 'accepted' : result.rejection.message).toBe(verdict)
    })

    it('has the types of a kernel', (ctx) => {
      if (types === undefined) ctx.skip(`no ${VMLINUX}: ${verdicts.length} cases`)
    })
  })
}
