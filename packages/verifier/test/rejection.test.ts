import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { assembleLlvm } from '@bpfoundry/isa'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import { type Rejection, verify } from '../src/index.ts'
import { REMEDIES } from '../src/report/remedies.ts'

const XDP = { name: 'p', type: PROG_TYPE.XDP, expectedAttachType: 0, gplCompatible: true, maps: new Map() }

function rejection(asm: string): Rejection {
  const result = verify({ ...XDP, insns: assembleLlvm(asm).insns })
  if (result.ok) throw new Error('accepted')
  return result.rejection
}

/** What has words of its own, or belongs to the device. */
const WITHOUT = new Set(['VERIFIER_UNSUPPORTED', 'VERIFIER_DEVICE', 'VERIFIER_PROFILE'])

it('every code of a refusal has a remedy, and every remedy a code', () => {
  const folder = fileURLToPath(new URL('../src/', import.meta.url))
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  const codes = files
    .filter((name) => !name.endsWith('remedies.ts'))
    .flatMap((name) => [...readFileSync(`${folder}${name}`, 'utf8').matchAll(/'(VERIFIER_[A-Z0-9_]+)'/g)])
    .map(([, code]) => code as string)
  const refused = new Set(codes.filter((code) => !WITHOUT.has(code)))
  expect(refused.size).toBeGreaterThan(60)
  expect(Object.keys(REMEDIES).sort()).toEqual([...refused].sort())
})

describe('a rejection tells what the registers held', () => {
  // biome-ignore format: table
  const cases: readonly (readonly [string, string, string, readonly { register: number; value: string }[]])[] = [
    ['a load past the end',  'r2 = *(u32 *)(r1 + 0)\nr0 = *(u8 *)(r2 + 4)\nexit', 'VERIFIER_PACKET_BOUNDS', [{ register: 2, value: 'pkt(r=0)' }]],
    ['an operand',           'r0 = 1\nr0 += r6\nexit',                            'VERIFIER_UNINITIALIZED_REGISTER', [{ register: 0, value: '1' }]],
    ['arguments of a call',  'r1 = 5\nr2 = r10\ncall 1\nexit',                   'VERIFIER_ARGUMENT_TYPE', [{ register: 1, value: '5' }, { register: 2, value: 'fp0' }]],
  ]
  it.each(cases)('%s', (_, asm, code, operands) => {
    const { hint, ...rest } = rejection(asm)
    expect(rest).toMatchObject({ code, operands })
    expect(hint?.length).toBeGreaterThan(10)
  })
})
