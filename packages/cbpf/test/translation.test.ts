import { formatKernelInsn, type Insn, requireInsns } from '@bpfoundry/isa'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ANCILLARY,
  BPF_JUMP,
  BPF_STMT,
  CbpfError,
  GUEST_CONTEXT,
  guestBufferBytes,
  readGuestBuffer,
  SK_BUFF_CONTEXT,
  type SocketBuffer,
  toEbpf,
  writeGuestBuffer,
} from '../src/index.ts'
import { checkedPrograms } from './arbitrary-insns.ts'

const RET_A = BPF_STMT(0x16, 0)
const listing = (insns: readonly Insn[]): string[] => insns.map((insn) => formatKernelInsn(insn))

describe('a program translated for struct __sk_buff', () => {
  test('keeps packet loads as instructions, and reads metadata in the byte order of the field', () => {
    const insns = [BPF_STMT(0x28, 12), BPF_STMT(0x50, 4), BPF_STMT(0x20, -0x1000), BPF_STMT(0x80, 0), RET_A]
    expect(listing(toEbpf(insns, SK_BUFF_CONTEXT).insns)).toEqual([
      '(b4) w0 = 0',
      '(b4) w7 = 0',
      '(bf) r6 = r1',
      '(28) r0 = *(u16 *)skb[12]',
      '(50) r0 = *(u8 *)skb[r7 + 4]',
      '(61) r0 = *(u32 *)(r6 +16)',
      '(dc) r0 = be16 r0',
      '(61) r0 = *(u32 *)(r6 +0)',
      '(95) exit',
    ])
  })

  test('leaves out what no way leads to, which a verifier refuses', () => {
    const insns = [BPF_STMT(0x05, 1), BPF_STMT(0x06, 1), BPF_STMT(0x06, 2), BPF_STMT(0x06, 3)]
    const { insns: translated, starts } = toEbpf(insns, SK_BUFF_CONTEXT)
    expect(listing(translated).slice(3)).toEqual(['(05) goto pc+0', '(b4) w0 = 2', '(95) exit'])
    expect(starts).toEqual([3, 4, 4, 6])
    expect(toEbpf(insns, GUEST_CONTEXT).insns.length).toBe(3 + 1 + 3 * 2)
  })

  test('has no netlink attributes, payload offset and device type', () => {
    const missing = ANCILLARY.filter(({ k }) => {
      try {
        toEbpf([BPF_STMT(0x20, k), RET_A], SK_BUFF_CONTEXT)
        return false
      } catch (error) {
        expect(error).toBeInstanceOf(CbpfError)
        expect(error).toMatchObject({ code: 'CBPF_ANCILLARY', where: { pc: 0 } })
        return true
      }
    })
    expect(missing.map(({ name }) => name)).toEqual(['nlattr', 'nlattr_nest', 'hatype', 'pay_offset'])
  })
})

describe('a program translated for guest memory', () => {
  test('loads from the linear part in place, and calls a helper for the rest', () => {
    expect(listing(toEbpf([BPF_STMT(0x28, 12), RET_A], GUEST_CONTEXT).insns).slice(7)).toEqual([
      '(bf) r2 = r9',
      '(17) r2 -= 12',
      '(c5) if r2 s< 0x2 goto pc+3',
      '(69) r0 = *(u16 *)(r8 +12)',
      '(dc) r0 = be16 r0',
      '(05) goto pc+8',
      '(bf) r1 = r6',
      '(bf) r2 = r8',
      '(bf) r3 = r9',
      '(b7) r4 = 12',
      '(85) call unknown#2',
      '(75) if r0 s>= 0x0 goto pc+2',
      '(ac) w0 ^= w0',
      '(95) exit',
      '(95) exit',
    ])
  })

  test('adds offsets that no displacement holds, and asks the helper at once where they are negative', () => {
    const far = listing(toEbpf([BPF_STMT(0x30, 0x8000), RET_A], GUEST_CONTEXT).insns)
    expect(far.slice(7, 14)).toEqual([
      '(bf) r2 = r9',
      '(17) r2 -= 32768',
      '(c5) if r2 s< 0x1 goto pc+4',
      '(bf) r2 = r8',
      '(07) r2 += 32768',
      '(71) r0 = *(u8 *)(r2 +0)',
      '(05) goto pc+8',
    ])
    expect(listing(toEbpf([BPF_STMT(0x30, 0x7fff), RET_A], GUEST_CONTEXT).insns)).toContain(
      '(71) r0 = *(u8 *)(r8 +32767)',
    )
    expect(listing(toEbpf([BPF_STMT(0x30, -0x100000), RET_A], GUEST_CONTEXT).insns).slice(7, 9)).toEqual([
      '(bf) r1 = r6',
      '(bf) r2 = r8',
    ])
  })

  test('compares large constants in a register, and inverts a comparison whose other side goes on', () => {
    const insns = [BPF_JUMP(0x25, 0x80000000, 0, 1), BPF_JUMP(0x45, 1, 0, 1), RET_A, RET_A]
    expect(listing(toEbpf(insns, GUEST_CONTEXT).insns).slice(3)).toEqual([
      '(b4) w2 = -2147483648',
      '(bd) if r0 <= r2 goto pc+2',
      '(45) if r0 & 0x1 goto pc+1',
      '(05) goto pc+1',
      '(95) exit',
      '(95) exit',
    ])
  })

  test('refuses a jump over more than 16 bits tell', () => {
    const insns = [BPF_STMT(0x05, 2300), ...Array.from({ length: 2300 }, () => BPF_STMT(0xb1, 0)), RET_A]
    expect(() => toEbpf(insns, GUEST_CONTEXT)).toThrow(expect.objectContaining({ code: 'CBPF_JUMP', where: { pc: 0 } }))
    expect(toEbpf(insns, SK_BUFF_CONTEXT).insns.length).toBe(3 + 1 + 1)
  })
})

test('translated programs have no bits in unused fields, and use as much of the stack as M[] needs', () => {
  fc.assert(
    fc.property(checkedPrograms(60), (insns) => {
      const { insns: translated, stackBytes } = toEbpf(insns, GUEST_CONTEXT)
      requireInsns(translated)
      const cells = insns.filter(({ code }) => code === 0x02 || code === 0x03).map(({ k }) => 4 * k + 4)
      expect(stackBytes).toBe(Math.max(0, ...cells))
    }),
  )
})

const bytes = fc.uint8Array({ maxLength: 80 })
const anyBuffer: fc.Arbitrary<SocketBuffer> = fc
  .record(
    {
      head: bytes,
      headroomBytes: fc.nat(80),
      fragments: fc.array(bytes, { maxLength: 4 }),
      networkOffset: fc.integer({ min: -80, max: 80 }),
      macOffset: fc.integer({ min: -80, max: 0 }),
      protocol: fc.nat(0xffff),
      packetType: fc.nat(7),
      mark: fc.nat(0xffffffff),
      hash: fc.nat(0xffffffff),
      queueMapping: fc.nat(0xffff),
      vlanTag: fc.nat(0xffff),
      vlanProtocol: fc.nat(0xffff),
      device: fc.record({ ifindex: fc.nat(0xffffffff), type: fc.nat(0xffff) }),
    },
    {
      requiredKeys: [
        'head',
        'headroomBytes',
        'fragments',
        'networkOffset',
        'protocol',
        'packetType',
        'mark',
        'hash',
        'queueMapping',
        'vlanTag',
        'vlanProtocol',
      ],
    },
  )
  .map((one) => ({ ...one, headroomBytes: Math.min(one.headroomBytes, one.head.length) }))

test('a socket buffer comes back from guest memory', () => {
  fc.assert(
    fc.property(anyBuffer, fc.nat(64), (buffer, slot) => {
      const address = 8 * slot
      const memory = new Uint8Array(address + guestBufferBytes(buffer))
      writeGuestBuffer(memory, address, buffer)
      const back = readGuestBuffer(memory, address)
      const plain = (one: SocketBuffer): object => ({
        ...one,
        head: [...one.head],
        fragments: one.fragments.map((fragment) => [...fragment]),
      })
      expect(plain(back)).toEqual(plain(buffer))
    }),
  )
})
