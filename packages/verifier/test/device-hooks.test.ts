import { BPF_EXIT_INSN, BPF_LD_MAP_FD, BPF_MOV64_IMM } from '@bpfoundry/isa'
import { ERRNO, MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { expect, test } from 'vitest'
import { type DeviceHooks, type VerifierMap, type VerifierResult, verify } from '../src/index.ts'

const MAP: VerifierMap = {
  ...{ id: 7, name: 'counters', type: MAP_TYPE.ARRAY, keySizeBytes: 4, valueSizeBytes: 8, maxEntries: 4, flags: 0 },
}
const SETTLED: DeviceHooks = { prefix: '[card] ', insn: () => undefined, finalize: () => undefined }

function verdict(hooks: Partial<DeviceHooks>, map = MAP): VerifierResult {
  const insns = [...BPF_LD_MAP_FD(1, 3), BPF_MOV64_IMM(0, 1), BPF_EXIT_INSN()]
  const program = { name: 'p', type: PROG_TYPE.XDP, expectedAttachType: 0, gplCompatible: true, insns }
  return verify({ ...program, maps: new Map([[3, map]]) }, { device: { ...SETTLED, ...hooks } }, { logLevel: 1 })
}

/** Errno, what the rejection says, and the log without its statistics. */
function refusal(result: VerifierResult): [errno: number, message: string, log: string] {
  if (result.ok) throw new Error('was not refused')
  return [result.rejection.errno, result.rejection.message, result.log.split('processed ')[0] as string]
}

test('a map that lives elsewhere is refused before the device hears of the program', () => {
  let asked = 0
  const result = verdict({ prepare: () => void asked++ }, { ...MAP, elsewhere: true })
  const words = 'offload device mismatch between prog and map'
  expect(refusal(result)).toEqual([ERRNO.EINVAL, words, `${words}\n`])
  expect(asked).toBe(0)
})

test('a device that does not want the program says so once, before anything is explored', () => {
  let explored = 0
  const insn = (): undefined => void explored++
  const result = verdict({ prepare: () => ({ errno: ERRNO.EOPNOTSUPP, message: 'not now' }), insn })
  expect(refusal(result)).toEqual([ERRNO.EOPNOTSUPP, '[card] not now', '[card] not now\n'])
  expect(explored).toBe(0)
})

test('a refusal without a message leaves the log as it is', () => {
  const silent = { errno: ERRNO.ENODEV, message: '' }
  expect(refusal(verdict({ prepare: () => silent }))).toEqual([ERRNO.ENODEV, '', ''])
  const [errno, message, log] = refusal(verdict({ insn: () => silent }))
  expect([errno, message]).toEqual([ERRNO.ENODEV, ''])
  expect(log).not.toContain('[card]')
  expect(refusal(verdict({ finalize: () => silent }))[0]).toBe(ERRNO.ENODEV)
})

test('a hook writes to the log without refusing; an accepted program takes its lines with it', () => {
  const greet: DeviceHooks['insn'] = (pc, _insn, _registers, _stack, print) => {
    if (pc === 3) print?.('hello')
    return undefined
  }
  const late = { errno: ERRNO.EINVAL, message: 'no' }
  expect(refusal(verdict({ insn: greet, finalize: () => late }))[2]).toBe('[card] no\n')
  const both: DeviceHooks['insn'] = (...at) => greet(...at) ?? (at[0] === 3 ? late : undefined)
  expect(refusal(verdict({ insn: both }))[2]).toMatch(/\[card\] hello\n\[card\] no\n$/)
  const accepted = verdict({ insn: greet })
  expect(accepted.ok && accepted.log).not.toContain('hello')
})
