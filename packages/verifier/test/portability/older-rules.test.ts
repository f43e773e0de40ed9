import { assembleLlvm, type Insn } from '@bpfoundry/isa'
import { ATTACH_TYPE, MAP_FLAG, MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import { type VerifierMap, type VerifierResult, verify } from '../../src/index.ts'

const HASH: VerifierMap = {
  ...{ id: 1, type: MAP_TYPE.HASH, name: 'm', keySizeBytes: 8, valueSizeBytes: 8, maxEntries: 1, flags: 0 },
}
/** Frozen, its value being 1. */
const FROZEN: VerifierMap = {
  ...{ ...HASH, id: 2, type: MAP_TYPE.ARRAY, keySizeBytes: 4, flags: MAP_FLAG.RDONLY_PROG },
  constantValue: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0),
}
const MAPS = new Map([
  [3, HASH],
  [4, FROZEN],
])

/** `r1 = map N` and `r1 = value N` load the address of a map and of its value. */
function assemble(asm: string): readonly Insn[] {
  const sources = [...asm.matchAll(/= (map|value) \d+/g)].map(([, kind]) => (kind === 'map' ? 1 : 2))
  const { insns } = assembleLlvm(asm.replace(/= (?:map|value) (\d+)/g, '= $1 ll'))
  return insns.map((insn) => (insn.opcode === 0x18 ? { ...insn, src: sources.shift() as number } : insn))
}

function verdict(profile: string, asm: string, type: number = PROG_TYPE.XDP): VerifierResult {
  const program = { name: 'p', type, expectedAttachType: 0, gplCompatible: true, maps: MAPS, insns: assemble(asm) }
  return verify(program, { profile }, { logLevel: 1 })
}

/** Reads a packet at the offset that `how` leaves in r4; r5 is a number of 32 bits, too. */
const packetAt = (how: string): string => `
  r2 = *(u32 *)(r1 + 0)
  r3 = *(u32 *)(r1 + 4)
  r4 = *(u32 *)(r1 + 16)
  r5 = *(u32 *)(r1 + 12)
  ${how}
  r2 += r4
  r0 = r2
  r0 += 8
  if r0 > r3 goto out
  r0 = *(u8 *)(r2 + 0)
out:
  r0 = 0
  exit`

/** Goes to an access outside of the stack if `how` is not known to spare it. */
const sparing = (how: string): string => `
  r2 = *(u32 *)(r1 + 0)
  r3 = *(u32 *)(r1 + 4)
  r4 = *(u32 *)(r1 + 16)
  ${how}
  r0 = 0
  exit
bad:
  r0 = *(u8 *)(r10 + 8)
  exit`

const PAST_END = 'r0 = r2\nr0 += 14\nif r0 > r3 goto past\nr0 = 0\nexit\npast:\nif r0 <= r3 goto bad'
const POINTER_AS_KEY = `
  *(u64 *)(r10 - 8) = r10
  r2 = r10
  r2 += -8
  r1 = map 3
  call 1
  r0 = 0
  exit`

// biome-ignore format: table
const RULES: readonly (readonly [what: string, refused: string, accepted: string, asm: string, words: string])[] = [
  ['stack that was never written',         '5.10', '5.15', '*(u64 *)(r10 - 16) = 0\nr0 = *(u64 *)(r10 - 8)\nexit', 'invalid read from stack off -8+0 size 8'],
  ['stack at an offset that varies',       '5.4',  '5.10', 'r2 = *(u32 *)(r1 + 16)\nr2 &= 7\n*(u64 *)(r10 - 8) = 0\nr3 = r10\nr3 += r2\nr0 = *(u8 *)(r3 - 8)\nexit', 'variable stack access var_off=(0x0; 0x7) off=-8 size=1'],
  ['a pointer in a key on the stack',      '5.10', '5.15', POINTER_AS_KEY,                                           'invalid indirect read from stack'],
  ['a copy that was compared',             '5.4',  '5.10', packetAt('r5 = r4\nif r5 > 100 goto out'),                'invalid access to packet'],
  ['a copy of 32 bits that was compared',  '6.1',  '6.6',  packetAt('w5 = w4\nif r5 > 100 goto out'),                'invalid access to packet'],
  ['a copy with a constant added',         '6.6',  '6.12', packetAt('r5 = r4\nr5 += 1\nif r5 > 100 goto out\nif r5 == 0 goto out'), 'invalid access to packet'],
  ['a constant on the stack',              '4.19', '5.4',  packetAt('r4 = 8\n*(u64 *)(r10 - 8) = r4\nr4 = *(u64 *)(r10 - 8)'), 'math between pkt pointer and register with unbounded min value'],
  ['a range on the stack',                 '5.4',  '5.10', packetAt('r4 &= 7\n*(u64 *)(r10 - 8) = r4\nr4 = *(u64 *)(r10 - 8)'), 'math between pkt pointer and register with unbounded min value'],
  ['half of a constant on the stack',      '6.6',  '6.12', packetAt('r4 = 20\n*(u32 *)(r10 - 8) = r4\nr4 = *(u16 *)(r10 - 8)\nif r4 > 9 goto +0\nr2 += 0'), 'invalid access to packet'],
  ['a constant stored to the stack',       '5.4',  '5.10', packetAt('*(u64 *)(r10 - 8) = 8\nr4 = *(u64 *)(r10 - 8)'), 'math between pkt pointer and register with unbounded min value'],
  ['a number below a range',               '6.6',  '6.12', packetAt('r5 &= 63\nif r4 > r5 goto out'),                 'invalid access to packet'],
  ['a range of the lower half',            '5.4',  '5.10', packetAt('r6 = r1\ncall 5\nr4 = r0\nif w4 > 100 goto out0\nw4 = w4\nr2 = *(u32 *)(r6 + 0)\nr3 = *(u32 *)(r6 + 4)\ngoto +2\nout0:\nr0 = 0\nexit'), 'invalid access to packet'],
  ['a number out of a range',              '6.1',  '6.6',  sparing('r4 &= 7\nr4 += 8\nif r4 == 3 goto bad'),          'invalid read from stack'],
  ['a constant on the left',               '6.1',  '6.6',  sparing('r5 = 0\nif r5 > r4 goto bad'),                    'invalid read from stack'],
  ['two constants',                        '4.19', '5.4',  sparing('r4 = 2\nr5 = 3\nif r4 == r5 goto bad'),           'invalid read from stack'],
  ['an inequality of constants',           '4.19', '5.4',  sparing('r4 = 2\nif r4 > 3 goto bad'),                     'invalid read from stack'],
  ['the value of a frozen map',            '5.4',  '5.10', sparing('r5 = value 4\nr5 = *(u32 *)(r5 + 0)\nif r5 == 2 goto bad'), 'invalid read from stack'],
  ['a packet pointer past the end',        '5.10', '5.15', sparing(PAST_END),                                         'invalid read from stack'],
  ['a loop entered in its middle',         '6.6',  '6.12', 'r0 = 0\ngoto middle\nagain:\nr0 += 1\nmiddle:\nif r0 < 4 goto again\nexit', 'back-edge from insn 2 to 3'],
]

describe('older rules', () => {
  it.each(RULES)('%s: refused by %s, accepted by %s', (_, refused, accepted, asm, words) => {
    const old = verdict(refused, asm)
    expect(old.log).toContain(words)
    expect(old.ok).toBe(false)
    expect(verdict(accepted, asm)).toMatchObject({ ok: true })
    expect(verdict('6.18', asm)).toMatchObject({ ok: true })
  })

  it('a constant is stored to the context since 6.3', () => {
    const asm = '*(u32 *)(r1 + 8) = 1\nr0 = 0\nexit'
    expect(verdict('6.1', asm, PROG_TYPE.SCHED_CLS).log).toContain('BPF_ST stores into R1 ctx is not allowed')
    expect(verdict('6.6', asm, PROG_TYPE.SCHED_CLS)).toMatchObject({ ok: true })
  })

  it('a program may rewrite the port that is bound to since 5.12', () => {
    const { insns } = assembleLlvm('r0 = 3\nexit')
    const bind = { type: PROG_TYPE.CGROUP_SOCK_ADDR, expectedAttachType: ATTACH_TYPE.CGROUP_INET4_BIND }
    const program = { name: 'p', ...bind, gplCompatible: true, maps: MAPS, insns }
    expect(verify(program, { profile: '5.10' })).toMatchObject({ ok: false })
    expect(verify(program, { profile: '5.15' })).toMatchObject({ ok: true })
  })

  // biome-ignore format: table
  it.each([
    ['6.1',  'At program exit the register R0 has value (0x2; 0x0) should have been in (0x0; 0x1)'],
    ['6.12', 'At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]'],
  ])('%s says its own of a return value', (profile, words) => {
    expect(verdict(profile, 'r0 = 2\nexit', PROG_TYPE.CGROUP_SOCK).log).toContain(words)
  })
})
