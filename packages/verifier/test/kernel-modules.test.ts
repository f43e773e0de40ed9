/**
 * Functions and structures that only a module of the kernel has. The words are those of find_kfunc_desc_btf and
 * check_kfunc_call in kernel/bpf/verifier.c of 6.12: a module can't be brought into the kernel that runs here.
 */
import { BTF_KIND, JoinedBtf } from '@bpfoundry/btf'
import { assembleLlvm, BPF_CALL, BPF_JMP, BPF_PSEUDO_KFUNC_CALL, type Insn } from '@bpfoundry/isa'
import { ATTACH_TYPE, ERRNO, MAP_TYPE, PROG_FLAG, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import { mapFields, type VerifierMap, type VerifierProgram, type VerifierResult, verify } from '../src/index.ts'
import { CASE_KERNEL_BTF } from './support/kernel-types.ts'
import { MODULE_FUNCTIONS, moduleTypes, objectValue } from './support/module-types.ts'

const KERNEL = new JoinedBtf(CASE_KERNEL_BTF, [moduleTypes()])
const MODULE = {
  name: 'mod',
  index: 0,
  functions: MODULE_FUNCTIONS,
  destructible: new Set(['mod_object', 'mod_other']),
}
const MODULE_FD = 20
const MAP_FD = 30
const XCHG = 194
const MODIFIES = { expectedAttachType: ATTACH_TYPE.MODIFY_RETURN }
/** Place of the module's fd in the program's fd array. */
const AT = 1

function mapOf(structName: string): VerifierMap {
  const { btf, valueTypeId } = objectValue(structName)
  const attributes = { type: MAP_TYPE.ARRAY, keySizeBytes: 4, valueSizeBytes: 8, maxEntries: 1, flags: 0, mapExtra: 0 }
  return { ...attributes, id: 1, name: 'kept', fields: mapFields(btf, valueTypeId, 8) }
}

const STRUCTS = ['mod_object', 'mod_other'] as const

/** `call mod_object_get` is of the module's function; `kept ll` and `others ll` are maps. */
function programOf(asm: string, changed: Partial<VerifierProgram> = {}): VerifierProgram {
  const names: string[] = []
  const text = asm.replace(/call (mod_\w+)/g, (_call, name: string) => `call ${9000 + names.push(name)}`)
  const { insns, relocations } = assembleLlvm(text, { externals: true })
  const linked: Insn[] = insns.map((insn) => {
    const name = insn.opcode === (BPF_JMP | BPF_CALL) ? names[insn.imm - 9001] : undefined
    if (name === undefined) return insn
    return { ...insn, src: BPF_PSEUDO_KFUNC_CALL, off: AT, imm: KERNEL.find(name, BTF_KIND.FUNC) ?? 0 }
  })
  for (const { pc, symbol } of relocations) {
    linked[pc] = { ...(linked[pc] as Insn), src: 1, imm: MAP_FD + (symbol === 'kept' ? 0 : 1) }
  }
  return {
    ...{ name: 'case', type: PROG_TYPE.SCHED_CLS, expectedAttachType: 0, insns: linked, gplCompatible: true, flags: 0 },
    maps: new Map(STRUCTS.map((name, index) => [MAP_FD + index, mapOf(name)])),
    fdArray: [MAP_FD, MODULE_FD],
    modules: new Map([[MODULE_FD, MODULE]]),
    ...changed,
  }
}

function judge(program: VerifierProgram): VerifierResult {
  return verify(program, { kernelBtf: KERNEL }, { logLevel: 1 })
}

function words(result: VerifierResult): string {
  return result.ok ? 'accepted' : result.rejection.message
}

const END = '\nr0 = 0\nexit'

/** Exchanges r6 with what a map keeps, and gives that back. */
const keep = (map: string): string => `
  r2 = r10
  r2 += -4
  *(u32 *)(r10 - 4) = 0
  r1 = ${map} ll
  call 1
  if r0 == 0 goto empty
  r1 = r0
  r2 = r6
  call ${XCHG}
  if r0 == 0 goto done
  r1 = r0
  call mod_object_put
  goto done
empty:
  r1 = r6
  call mod_object_put
done:`

const keeping = (map: string): string => `call mod_object_get\nif r0 == 0 goto done\nr6 = r0${keep(map)}${END}`

describe('a call of a module’s function', () => {
  it('is judged by the module’s types and what its function is for', () => {
    expect(words(judge(programOf(`call mod_object_get\nif r0 == 0 goto +2\nr1 = r0\ncall mod_object_put${END}`)))).toBe(
      'accepted',
    )
  })

  it.each([
    ['leaks what it acquired', `call mod_object_get${END}`, 'Unreleased reference id=2 alloc_insn=0'],
    [
      'hands on what may be NULL',
      `call mod_object_get\nr1 = r0\ncall mod_object_put${END}`,
      'Possibly NULL pointer passed to trusted arg0',
    ],
  ])('%s', (_name, asm, expected) => {
    expect(words(judge(programOf(asm)))).toContain(expected)
  })

  it('is handed another structure', () => {
    const asm = `call mod_object_get\nif r0 == 0 goto +4\nr6 = r0\nr1 = r6\ncall mod_kernel_look\nr1 = r6\ncall mod_object_put${END}`
    const expected =
      'kernel function mod_kernel_look args#0 expected pointer to STRUCT prog_test_ref_kfunc but R1 has a pointer to STRUCT mod_object'
    expect(words(judge(programOf(asm)))).toBe(expected)
  })

  it.each([
    [
      'is not for programs of the type',
      { type: PROG_TYPE.XDP },
      'calling kernel function mod_object_get is not allowed',
      'EACCES',
    ],
    [
      'has no array of descriptors',
      { fdArray: undefined },
      'kfunc offset > 0 without fd_array is invalid\nfailed to find BTF for kernel function',
      'EPROTO',
    ],
    [
      'names a descriptor that nothing has',
      { fdArray: [0, 99] },
      'invalid module BTF fd specified\nfailed to find BTF for kernel function',
      'EBADF',
    ],
    [
      'names the descriptor of a map',
      { fdArray: [0, MAP_FD] },
      'invalid module BTF fd specified\nfailed to find BTF for kernel function',
      'EINVAL',
    ],
    ['names a place behind the array', { fdArray: [MODULE_FD] }, 'failed to find BTF for kernel function', 'EFAULT'],
  ])('%s', (_name, changed, expected, errno) => {
    const { fdArray, ...program } = { ...programOf(`call mod_object_get${END}`), ...changed }
    const result = judge({ ...program, ...(fdArray === undefined ? {} : { fdArray }) })
    expect([words(result), result.ok ? 0 : result.rejection.errno]).toEqual([
      expected,
      ERRNO[errno as keyof typeof ERRNO],
    ])
  })

  const call = (off: number, imm: number): readonly Insn[] => [
    { opcode: BPF_JMP | BPF_CALL, dst: 0, src: BPF_PSEUDO_KFUNC_CALL, off, imm },
    ...assembleLlvm('r0 = 0\nexit').insns,
  ]
  const get = KERNEL.find('mod_object_get', BTF_KIND.FUNC) ?? 0

  it.each([
    [
      'a place before the array',
      -1,
      get,
      'negative offset disallowed for kernel module function call\nfailed to find BTF for kernel function',
    ],
    ['a function of the module as the kernel’s', 0, get, `kernel btf_id ${get} is not a function`],
    ['a type of the kernel as the module’s', AT, 1, 'kernel btf_id 1 is not a function'],
    ['a type of the module that is no function', AT, get - 1, `kernel btf_id ${get - 1} is not a function`],
    ['a type that there is not', AT, (1 << 20) + 9999, `kernel btf_id ${(1 << 20) + 9999} is not a function`],
  ])('is refused for %s', (_name, off, imm, expected) => {
    expect(words(judge(programOf(END, { insns: call(off, imm) })))).toBe(expected)
  })
})

describe('a pointer in a map to a structure that only a module has', () => {
  it('takes what the module’s function gave out', () => {
    expect(words(judge(programOf(keeping('kept'))))).toBe('accepted')
  })

  it('is none where nothing gives the structure back', () => {
    const destructible = new Set(['mod_other'])
    const program = programOf(keeping('kept'), { modules: new Map([[MODULE_FD, { ...MODULE, destructible }]]) })
    expect(words(judge(program))).toBe(
      'a pointer to struct mod_object in a map, which nothing gives back, is not supported',
    )
  })

  it('takes no other structure', () => {
    expect(words(judge(programOf(keeping('others'))))).toContain(
      'invalid kptr access, R2 type=ptr_mod_object expected=ptr_mod_other',
    )
  })
})

describe('a program bound to a module’s function', () => {
  const bound = (name: string, changed: Partial<VerifierProgram>): VerifierProgram =>
    programOf(END, {
      type: PROG_TYPE.TRACING,
      expectedAttachType: ATTACH_TYPE.TRACE_FENTRY,
      attachBtfId: KERNEL.find(name, BTF_KIND.FUNC) ?? 0,
      modules: new Map([[MODULE_FD, { ...MODULE, mayFail: new Set(['mod_object_get']) }]]),
      ...changed,
    })

  it.each([
    ['is bound to any', 'mod_object_put', {}, 'accepted'],
    ['sleeps where it may be made to fail', 'mod_object_get', { flags: PROG_FLAG.SLEEPABLE }, 'accepted'],
    ['sleeps nowhere else', 'mod_object_put', { flags: PROG_FLAG.SLEEPABLE }, 'mod_object_put is not sleepable'],
    ['changes what comes back where it may be made to fail', 'mod_object_get', MODIFIES, 'accepted'],
    ['changes what comes back nowhere else', 'mod_object_put', MODIFIES, 'mod_object_put() is not modifiable'],
  ])('%s', (_name, target, changed, expected) => {
    expect(words(judge(bound(target, changed)))).toBe(expected)
  })
})
