import { BTF_KIND } from '@bpfoundry/btf'
import { assembleLlvm, type Insn } from '@bpfoundry/isa'
import { ERRNO, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { afterAll, expect, test } from 'vitest'
import { KernelOracle, kernelOracle } from '../src/index.ts'
import { oracleOrSkip } from './oracle.ts'

const insns = (text: string): readonly Insn[] => assembleLlvm(text).insns
const FRAME = new Uint8Array(64)
const { SOCKET_FILTER, XDP, SYSCALL } = PROG_TYPE

const hurried = kernelOracle({ timeLimitMs: 30 })
afterAll(() => (hurried instanceof KernelOracle ? hurried.close() : undefined))

/** The verifier follows each turn: some 900,000 instructions, half a second. */
const LONG = insns('r1 = 0\nr1 += 1\nr2 = r1\nr2 += 1\nif r1 < 220000 goto -4\nr0 = 0\nexit')

test('a load that takes too long is ended, and is no verdict; the next one has its own time', (ctx) => {
  oracleOrSkip(ctx)
  const oracle = hurried as KernelOracle
  for (let turn = 0; turn < 2; turn++) {
    const answer = oracle.loadProgram({ type: XDP, insns: LONG })
    expect(answer).toMatchObject({ ok: false, errno: ERRNO.EAGAIN, timedOut: true })
    expect(answer.durationMs).toBeGreaterThanOrEqual(30)
    expect(oracle.loadProgram({ type: XDP, insns: insns('r0 = 0\nexit') })).toMatchObject({ ok: true, timedOut: false })
  }
})

test('a run that takes too long is ended', (ctx) => {
  oracleOrSkip(ctx)
  const oracle = hurried as KernelOracle
  const { fd } = oracle.loadProgram({ type: XDP, insns: insns('r0 = 2\nexit') })
  const run = oracle.testRun(fd, { dataIn: FRAME, repeat: 2 ** 31 })
  expect(run).toMatchObject({ errno: ERRNO.EINTR, timedOut: true })
  expect(oracle.testRun(fd, { dataIn: FRAME })).toMatchObject({ errno: 0, retval: 2, timedOut: false })
})

test('capabilities are laid down for one load alone', (ctx) => {
  const oracle = oracleOrSkip(ctx)
  const leaks = { type: SOCKET_FILTER, insns: insns('r0 = r10\nexit') }
  expect(oracle.loadProgram(leaks).ok).toBe(true)
  const refused = oracle.loadProgram({ ...leaks, privilege: 'no-perfmon' })
  expect(refused).toMatchObject({ ok: false, errno: ERRNO.EACCES })
  expect(refused.log).toContain('R0 leaks addr as return value')
  const nobody = oracle.loadProgram({ ...leaks, privilege: 'unprivileged' })
  expect(nobody.errno).toBe(oracle.probe.unprivilegedBpfDisabled === 0 ? ERRNO.EACCES : ERRNO.EPERM)
  expect(oracle.loadProgram(leaks).ok).toBe(true)
  oracle.close()
})

test('kernel functions and attach targets are found by name', (ctx) => {
  const oracle = oracleOrSkip(ctx)
  if (oracle.kernelTypeId('bpf_rcu_read_lock', BTF_KIND.FUNC) === undefined) ctx.skip('the kernel shows no types')
  expect(oracle.kernelTypeId('no_such_function', BTF_KIND.FUNC)).toBeUndefined()
  expect(oracle.attachTargetId('sched_switch', 23)).toBe(
    oracle.kernelTypeId('btf_trace_sched_switch', BTF_KIND.TYPEDEF),
  )
  const call = { opcode: 0x85, dst: 0, src: 2, off: 0, imm: 0 }
  const program = { type: SYSCALL, flags: 16, insns: [call, call, ...insns('r0 = 0\nexit')] }
  const names = ['bpf_rcu_read_lock', 'bpf_rcu_read_unlock']
  const kernelFunctions = names.map((name, pc) => ({ pc, name }))
  expect(oracle.loadProgram({ ...program, kernelFunctions }).ok).toBe(true)
  expect(oracle.loadProgram({ ...program, kernelFunctions: kernelFunctions.slice(0, 1) }).ok).toBe(false)
  oracle.close()
})

test('the machine code can be had', (ctx) => {
  const oracle = oracleOrSkip(ctx)
  if (oracle.probe.jitEnable === 0) ctx.skip('the JIT compiler is off')
  const { fd } = oracle.loadProgram({ type: XDP, insns: insns('r0 = 2\nexit') })
  const { jited, jitedBytes } = oracle.programInfo(fd, true)
  expect(jited?.length).toBe(jitedBytes)
  expect(jited?.some((byte) => byte !== 0)).toBe(true)
  expect(oracle.programInfo(fd).jited).toBeUndefined()
  oracle.close()
})

test('it says what kernel it is', (ctx) => {
  const { probe } = oracleOrSkip(ctx)
  expect(probe.release).toMatch(/^\d+\.\d+/)
  expect(probe.possibleCpus).toBeGreaterThan(0)
})
