/**
 * Programs of a scheduler (sched_ext), by the source of 6.12 (kernel/sched/ext.c): the kernel that is here has none. Its
 * types are made here, a few of them.
 */
import { BTF_KIND, BTF_LINKAGE, BtfBuilder, type BtfType } from '@bpfoundry/btf'
import { assembleLlvm, BPF_CALL, BPF_JMP, BPF_PSEUDO_KFUNC_CALL, type Insn } from '@bpfoundry/isa'
import { PROG_FLAG, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import { type KernelBtf, type VerifierProgram, type VerifierResult, verify } from '../src/index.ts'

const builder = new BtfBuilder()

function integer(name: string, sizeBytes: number): number {
  return builder.add({ kind: BTF_KIND.INT, name, sizeBytes, encoding: 0, bitOffset: 0, bits: 8 * sizeBytes })
}

type Members = readonly (readonly [name: string, typeId: number, offsetBytes: number])[]

function struct(name: string, sizeBytes: number, rows: Members): number {
  const members = rows.map(([member, typeId, at]) => ({ name: member, typeId, bitOffset: 8 * at, bitfieldBits: 0 }))
  return builder.add({ kind: BTF_KIND.STRUCT, name, sizeBytes, kindFlag: false, members })
}

function pointer(typeId: number): number {
  return builder.add({ kind: BTF_KIND.PTR, name: '', typeId })
}

function prototype(returnTypeId: number, ...types: readonly number[]): number {
  const parameters = types.map((typeId, index) => ({ name: `a${index}`, typeId }))
  return builder.add({ kind: BTF_KIND.FUNC_PROTO, name: '', returnTypeId, parameters })
}

const [u64, s32] = [integer('u64', 8), integer('int', 4)]
// biome-ignore format: table
const entity = struct('sched_ext_entity', 24, [['flags', u64, 0], ['slice', u64, 8], ['dsq_vtime', u64, 16]])
const task = pointer(
  struct('task_struct', 48, [
    ['state', u64, 0],
    ['scx', entity, 8],
    ['pid', u64, 32],
    ['stack', pointer(0), 40],
  ]),
)
const OPS = ['enqueue', 'dispatch', 'init_task', 'flags'] as const
const enqueue = pointer(prototype(0, task, u64))
const dispatch = pointer(prototype(0, s32, task))
const initTask = pointer(prototype(s32, task))
// biome-ignore format: table
const ops = struct('sched_ext_ops', 32, [['enqueue', enqueue, 0], ['dispatch', dispatch, 8], ['init_task', initTask, 16], ['flags', u64, 24]])
struct('bpf_struct_ops_sched_ext_ops', 64, [['data', ops, 0]])
const linkage = BTF_LINKAGE.GLOBAL
const insert = builder.add({
  kind: BTF_KIND.FUNC,
  name: 'scx_bpf_dispatch',
  typeId: prototype(0, task, u64, u64, u64),
  linkage,
})
const created = builder.add({
  kind: BTF_KIND.FUNC,
  name: 'scx_bpf_create_dsq',
  typeId: prototype(s32, u64, s32),
  linkage,
})
const btf = builder.build()

const kernelBtf: KernelBtf = {
  find: (name, kind) => btf.find(name, kind as BtfType['kind'])?.id,
  type: (id) => btf.type(id),
  resolve: (id) => btf.resolve(id),
  sizeOf: (id) => btf.sizeOf(id),
}

/** `call 9000`, `call 9001` */
const FUNCTIONS: ReadonlyMap<number, number> = new Map([
  [9000, insert],
  [9001, created],
])

function judge(member: (typeof OPS)[number], asm: string, flags: number = 0): VerifierResult {
  const linked = (insn: Insn): Insn => {
    const imm = insn.opcode === (BPF_JMP | BPF_CALL) ? FUNCTIONS.get(insn.imm) : undefined
    return imm === undefined ? insn : { ...insn, src: BPF_PSEUDO_KFUNC_CALL, imm }
  }
  const insns = assembleLlvm(`${asm}\nr0 = 0\nexit`).insns.map(linked)
  const place = { type: PROG_TYPE.STRUCT_OPS, expectedAttachType: OPS.indexOf(member), attachBtfId: ops }
  const program: VerifierProgram = { name: 'p', ...place, insns, gplCompatible: true, flags, maps: new Map() }
  return verify(program, { kernelBtf }, { logLevel: 2 })
}

const TASK = 'r6 = *(u64 *)(r1 + 0)\n'
const INSERT = 'r1 = r6\nr2 = 0\nr3 = 1000\nr4 = 0\ncall 9000'

describe('a program of a scheduler', () => {
  it.each([
    ['puts a task into a queue', 'enqueue', TASK + INSERT, 0],
    ["sets a task's share of time", 'enqueue', `${TASK}r7 = 1\n*(u64 *)(r6 + 16) = r7\n*(u64 *)(r6 + 24) = r7`, 0],
    [
      'looks at the last task where there is one',
      'dispatch',
      'r6 = *(u64 *)(r1 + 8)\nif r6 == 0 goto out\nr7 = *(u64 *)(r6 + 32)\nout:',
      0,
    ],
    ['sleeps while a task is set up', 'init_task', 'r1 = 1\nr2 = 0\ncall 9001', PROG_FLAG.SLEEPABLE],
    ['asks for the time', 'enqueue', 'call 5', 0],
  ] as const)('%s', (_what, member, asm, flags) => {
    const { ok, log } = judge(member, asm, flags)
    expect(ok, log).toBe(true)
  })

  it.each([
    [
      'the last task unasked',
      'dispatch',
      'r6 = *(u64 *)(r1 + 8)\nr7 = *(u64 *)(r6 + 32)',
      0,
      "R6 invalid mem access 'trusted_ptr_or_null_'",
    ],
    [
      'sleep while a task is put into a queue',
      'enqueue',
      '',
      PROG_FLAG.SLEEPABLE,
      'attach to unsupported member enqueue of struct sched_ext_ops',
    ],
    ['what is no function', 'flags', '', 0, 'attach to invalid member flags(@idx 3) of struct sched_ext_ops'],
    [
      'a number for a task',
      'enqueue',
      'r6 = 5\n'.concat(INSERT),
      0,
      'arg#0 pointer type STRUCT task_struct must point to scalar',
    ],
    [
      'a function that sleeps',
      'enqueue',
      'r1 = 1\nr2 = 0\ncall 9001',
      0,
      'program must be sleepable to call sleepable kfunc scx_bpf_create_dsq',
    ],
  ] as const)('is refused: %s', (_what, member, asm, flags, words) => {
    const { ok, log } = judge(member, asm, flags)
    expect(ok).toBe(false)
    expect(log).toContain(words)
  })

  it.each([
    ['state', 0],
    ['pid', 32],
    ['half of the share, and what is behind it', 20],
  ])('does not write %s of a task', (_field, offset) => {
    expect(judge('enqueue', `${TASK}r7 = 1\n*(u64 *)(r6 + ${offset}) = r7`).ok).toBe(false)
  })
})
