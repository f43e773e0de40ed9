import { assembleLlvm } from '@bpfoundry/isa'
import { MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import {
  type DeviceHooks,
  type InsnFact,
  type VerifierMap,
  type VerifierOptions,
  type VerifierResult,
  verify,
} from '../src/index.ts'

const ARRAY: VerifierMap = {
  ...{ id: 7, name: 'counters', type: MAP_TYPE.ARRAY, keySizeBytes: 4, valueSizeBytes: 64, maxEntries: 4, flags: 0 },
}

function verdict(asm: string, options: VerifierOptions = {}, logLevel = 0): VerifierResult {
  const { insns, relocations } = assembleLlvm(asm, { externals: true })
  const loads = new Set(relocations.map(({ pc }) => pc))
  const linked = insns.map((insn, pc) => (loads.has(pc) ? { ...insn, src: 1, imm: 3 } : insn))
  const rest = { name: 'p', type: PROG_TYPE.XDP, expectedAttachType: 0, gplCompatible: true }
  return verify({ ...rest, insns: linked, maps: new Map([[3, ARRAY]]) }, options, { logLevel })
}

function factsOf(asm: string, options: VerifierOptions = {}): readonly InsnFact[] {
  const result = verdict(asm, options)
  if (!result.ok) throw new Error(result.rejection.message)
  return result.verified.facts
}

describe('facts', () => {
  it('tell the pointer, its map and the bounds of what was added', () => {
    const facts = factsOf(`
      r6 = *(u32 *)(r1 + 16)
      r6 &= 24
      *(u32 *)(r10 - 4) = 1
      r2 = r10
      r2 += -4
      r1 = counters ll
      call 1
      if r0 == 0 goto out
      r0 += r6
      r3 = *(u64 *)(r0 + 32)
      out: r0 = 2
      exit`)
    const memory = facts[10]?.memory
    expect(memory).toMatchObject({ kind: 'map_value', mixed: false, mapId: 7, offset: 0, constant: false })
    expect([memory?.umin, memory?.umax]).toEqual([0n, 24n])
    expect(facts[7]?.registers.get(1)).toMatchObject({ kind: 'map_ptr', mapId: 7 })
    expect(facts[7]?.registers.get(2)).toMatchObject({ kind: 'fp', offset: -4, constant: true })
    expect(facts[12]?.registers.get(0)).toMatchObject({ kind: 'scalar', constant: true, value: 2n })
  })
  it('are joined over paths, and know what no path reached', () => {
    const asm = `
      r0 = 1
      r2 = *(u32 *)(r1 + 16)
      if r2 > 5 goto big
      r0 = 2
      goto out
      big: if r2 < 3 goto never
      goto out
      never: r0 = 77
      out: exit`
    const facts = factsOf(asm, { exactFacts: true })
    expect(facts[8]?.registers.get(0)).toMatchObject({ constant: false, umin: 1n, umax: 2n })
    expect(facts[7]).toMatchObject({ visited: false })
  })
  it('say when paths disagree on the kind', () => {
    const facts = factsOf(`
      r3 = r10
      r2 = *(u32 *)(r1 + 16)
      if r2 > 5 goto out
      r3 = 5
      out: r0 = 0
      r3 += 1
      exit`)
    expect(facts[5]?.registers.get(3)?.mixed).toBe(true)
  })
})

describe('hooks of a device', () => {
  const hooks = (insn: DeviceHooks['insn'], finalize: DeviceHooks['finalize'] = () => undefined): DeviceHooks => ({
    insn,
    finalize,
    prefix: '[nic] ',
  })
  it('are asked before each explored instruction, and know which bytes of the stack are zero', () => {
    const seen: string[] = []
    const device = hooks((pc, _insn, registers, stackIsZero) => {
      seen.push(`${pc} ${registers(10).kind} ${[-13, -12, -9, -8, 0].map((offset) => Number(stackIsZero?.(offset)))}`)
      return undefined
    })
    expect(verdict('*(u32 *)(r10 - 12) = 0\n*(u64 *)(r10 - 8) = 1\nr0 = 2\nexit', { device }).ok).toBe(true)
    expect(seen).toEqual(['0 fp 0,0,0,0,0', '1 fp 0,1,1,0,0', '2 fp 0,1,1,0,0', '3 fp 0,1,1,0,0'])
  })
  it('refuse with their own errno, their words behind the prefix in the log', () => {
    const device = hooks((pc) => (pc === 1 ? { errno: 95, message: 'no such thing' } : undefined))
    const result = verdict('r0 = 2\nr0 += 1\nexit', { device }, 1)
    expect(result).toMatchObject({ ok: false, rejection: { errno: 95, message: '[nic] no such thing', pc: 1 } })
    expect(result.log).toContain('1: (07) r0 += 1\n[nic] no such thing\n')
  })
  it('see the bits, the id and the frame that a register has on the path at hand', () => {
    const seen: string[] = []
    const device = hooks((pc, insn, registers) => {
      const { now } = registers(insn.dst)
      if (insn.opcode === 0x0f) {
        seen.push(`${pc} ${now?.typeName} ${now?.varOff.value.toString(16)}/${now?.varOff.mask.toString(16)}`)
      }
      if (insn.opcode === 0x7a) seen.push(`${pc} ${now?.typeName} of caller ${now?.ofCaller}`)
      return undefined
    })
    const asm = `
      r6 = *(u32 *)(r1 + 16)
      r6 &= 24
      r6 += r6
      *(u64 *)(r10 - 8) = 1
      r1 = r10
      call f
      r0 = 2
      exit
      f: *(u64 *)(r1 - 8) = 2
      r0 = 0
      exit`
    expect(verdict(asm, { device })).toMatchObject({ ok: true })
    expect(seen).toEqual(['2 scalar 0/18', '3 fp of caller false', '8 fp of caller true'])
  })
  it('are asked once more when everything was explored', () => {
    const depths: (readonly number[])[] = []
    const device = hooks(
      () => undefined,
      (facts, stackDepthBytes) => {
        depths.push(stackDepthBytes)
        return facts.length === 3 ? { errno: 22, message: 'too short' } : undefined
      },
    )
    expect(verdict('*(u64 *)(r10 - 16) = 0\nr0 = 2\nexit', { device }, 1)).toMatchObject({
      ok: false,
      rejection: { errno: 22, message: '[nic] too short' },
    })
    expect(depths).toEqual([[16]])
  })
})
