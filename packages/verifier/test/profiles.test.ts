import { assembleLlvm } from '@bpfoundry/isa'
import { ATTACH_TYPE, MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import { type VerifierResult, verify } from '../src/index.ts'

const XDP = { name: 'p', type: PROG_TYPE.XDP, expectedAttachType: 0, gplCompatible: true, maps: new Map() }

/** Only programs in devmaps may read it. */
const EGRESS = 'r0 = *(u32 *)(r1 + 20)\nr0 = 0\nexit'

/** An XDP program as the verifier of that release judges it. */
function verdict(profile: string, asm: string, fields: { expectedAttachType?: number } = {}): VerifierResult {
  const { insns } = assembleLlvm(asm)
  return verify({ ...XDP, ...fields, insns }, { profile }, { logLevel: 1 })
}

/** Takes a byte of the stack at the offset that `how` leaves in r2, 0..7 where the verifier can tell. */
const stackByteAt = (how: string): string => `
  *(u64 *)(r10 - 8) = 0
  r2 = *(u32 *)(r1 + 16)
  ${how}
  r3 = r10
  r3 += r2
  r0 = *(u8 *)(r3 - 8)
  exit`

describe('numbers that are negated', () => {
  const programs: readonly (readonly [string, string])[] = [
    ['64 bits', 'r2 &= 7\nr2 += -7\nr2 = -r2'],
    ['32 bits', 'r2 &= 7\nr2 += -7\nw2 = -w2'],
  ]
  it.each(programs)('%s: known to 6.18, not to 6.12', (_, how) => {
    const asm = stackByteAt(how)
    expect(verdict('6.18', asm).ok).toBe(true)
    const { ok, log } = verdict('6.12', asm)
    expect(ok).toBe(false)
    expect(log).toContain('unbounded min value')
  })
  it('a mask makes them known to both', () => {
    const asm = stackByteAt('r2 = -r2\nr2 &= 7')
    for (const profile of ['6.12', '6.18']) expect(verdict(profile, asm).ok).toBe(true)
  })
})

it('a release that there is no data of is refused by name', () => {
  expect(() => verdict('2.6', 'r0 = 0\nexit')).toThrow('the verifier of Linux 2.6 is not known')
})

describe('what a release lacks', () => {
  // The releases that brought each: kernelnewbies.org, and the kernel's own history.
  // biome-ignore format: table
  const needs: readonly (readonly [what: string, lacks: string, has: string, asm: string])[] = [
    ['instruction JMP32_JEQ_K (-mcpu=v3)',          '4.19', '5.4',  'r0 = 0\nif w0 == 1 goto +0\nexit'],
    ['instruction JMP_JLT_K (-mcpu=v2)',            '4.13', '4.19', 'r0 = 0\nif r0 < 1 goto +0\nexit'],
    ['instruction ALU64_SDIV_K (-mcpu=v4)',         '6.1',  '6.6',  'r0 = 6\nr0 s/= 2\nexit'],
    ['calls of own functions',           '4.13', '4.19', 'call f\nexit\nf:\nr0 = 0\nexit'],
    ['loops',                            '4.19', '5.4',  'r0 = 0\nagain:\nr0 += 1\nif r0 != 3 goto again\nexit'],
    ['helper bpf_ktime_get_boot_ns',     '5.4',  '5.10', 'call 125\nr0 = 0\nexit'],
    // Older than XDP programs that may call it: those of kprobes could since 4.2.
    ['helper bpf_get_current_pid_tgid in programs of type xdp', '6.6', '6.12', 'call 14\nr0 = 0\nexit'],
    ['xdp_md.rx_queue_index',            '4.13', '4.19', 'r0 = *(u32 *)(r1 + 16)\nr0 = 0\nexit'],
    ['xdp_md.egress_ifindex',            '5.4',  '5.10', EGRESS],
  ]
  it.each(needs)('%s: not in %s, in %s', (what, lacks, has, asm) => {
    const type = asm === EGRESS ? { expectedAttachType: ATTACH_TYPE.XDP_DEVMAP } : {}
    expect(verdict(has, asm, type)).toMatchObject({ ok: true })
    const { ok, log, ...rest } = verdict(lacks, asm, type)
    expect(ok).toBe(false)
    expect(log).toContain(`Linux ${lacks} has no ${what}: since `)
    expect(rest).toMatchObject({ rejection: { code: 'VERIFIER_RELEASE', requirements: [{ what }] } })
  })

  // biome-ignore format: table
  it.each([
    ['__sk_buff.tstamp',      '4.19', '5.4',  'r0 = *(u64 *)(r1 + 152)\nr0 = 0\nexit'],
    ['__sk_buff.gso_size',    '5.4',  '5.10', 'r0 = *(u32 *)(r1 + 176)\nr0 = 0\nexit'],
    ['__sk_buff.tstamp_type', '5.15', '6.1',  'r0 = *(u8 *)(r1 + 180)\nr0 = 0\nexit'],
  ])('%s: not in %s, in %s', (what, lacks, has, asm) => {
    const insns = assembleLlvm(asm).insns
    const classifier = { ...XDP, type: PROG_TYPE.SCHED_CLS, insns }
    expect(verify(classifier, { profile: has })).toMatchObject({ ok: true })
    expect(verify(classifier, { profile: lacks })).toMatchObject({ rejection: { requirements: [{ what }] } })
  })

  it('all of it is told, the newest first', () => {
    const asm = 'r0 = 0\nagain:\nr0 += 1\nif w0 != 3 goto again\ncall 125\nr0 = 0\nexit'
    const result = verdict('4.13', asm)
    if (result.ok) throw new Error('accepted')
    expect(result.rejection.requirements?.map(({ since, what }) => `${since} ${what}`)).toEqual([
      '5.8 helper bpf_ktime_get_boot_ns',
      '5.3 loops',
      '5.1 instruction JMP32_JNE_K (-mcpu=v3)',
    ])
  })

  it('maps by their type', () => {
    const { insns } = assembleLlvm('r1 = map 3 ll\nr0 = 0\nexit'.replace('map 3 ll', '3 ll'))
    const load = { ...(insns[0] as (typeof insns)[number]), src: 1 }
    const ring = {
      id: 1,
      type: MAP_TYPE.RINGBUF,
      keySizeBytes: 0,
      valueSizeBytes: 0,
      maxEntries: 4096,
      flags: 0,
      name: 'r',
    }
    const program = { ...XDP, insns: [load, ...insns.slice(1)], maps: new Map([[3, ring]]) }
    expect(verify(program, { profile: '5.10' }).ok).toBe(true)
    expect(verify(program, { profile: '5.4' })).toMatchObject({
      rejection: { message: expect.stringContaining('ringbuf') },
    })
  })

  it('programs of more than 4096 instructions, and those that take too long', () => {
    const long = `${'r0 = 0\n'.repeat(5000)}exit`
    expect(verdict('5.4', long).ok).toBe(true)
    expect(verdict('4.19', long)).toMatchObject({ rejection: { requirements: [{ what: '5001 instructions' }] } })
    const branches = Array.from({ length: 1100 }, (_, at) => `if r0 > ${at} goto +0`)
    const slow = ['call 7', ...branches, 'r0 = 0', 'exit'].join('\n')
    const { insns } = assembleLlvm(slow)
    const tooMany = { code: 'VERIFIER_TOO_COMPLEX', message: 'The sequence of 1025 jumps is too complex.' }
    expect(verify({ ...XDP, insns }, { profile: '4.19' })).toMatchObject({ rejection: tooMany })
  })

  it('is an end after so many explored instructions as the release allows', () => {
    // Each way through has another sum in r6: all of them are followed where it is not told that the sum does not matter.
    const bits = Array.from({ length: 16 }, (_, bit) => `if r0 & ${1 << bit} goto +1\nr6 += ${1 << bit}`)
    const asm = ['r6 = 0', 'call 7', ...bits, 'r0 = r6', 'exit'].join('\n')
    const { insns } = assembleLlvm(asm)
    expect(verify({ ...XDP, insns }, { profile: '5.4' }).ok).toBe(true)
    expect(verify({ ...XDP, insns }, { profile: '4.19' })).toMatchObject({
      rejection: {
        code: 'VERIFIER_TOO_COMPLEX',
        errno: 7,
        message: expect.stringMatching(/^BPF program is too large. Processed 131073 insn/),
      },
    })
  })

  it('is told even where the release refuses something else, with the words that its kernel has', () => {
    const result = verdict('4.19', 'r1 = 0\nif w1 == 1 goto +0\nr0 = *(u64 *)(r10 - 8)\nexit')
    expect(result).toMatchObject({
      ok: false,
      rejection: { code: 'VERIFIER_RELEASE', requirements: [{ since: '5.1' }] },
    })
    expect(result.log).toContain('unknown opcode 16\n')
  })
})

describe('helpers that program types got after 6.12', () => {
  it('are refused before in the words of the kernel', () => {
    expect(verdict('6.12', 'call 15\nr0 = 0\nexit').log).toContain(
      'program of this type cannot use helper bpf_get_current_uid_gid#15',
    )
  })
  it('are judged by 6.18 as the others are', () => {
    expect(verdict('6.18', 'call 15\nr0 = 0\nexit').ok).toBe(true)
  })
})
