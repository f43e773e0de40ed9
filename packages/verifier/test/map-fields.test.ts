import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { kernelOracle } from '@bpfoundry/kernel-oracle'
import { afterAll, describe, expect, it } from 'vitest'
import { mapFields, verify } from '../src/index.ts'
import { programOf } from './support/case.ts'
import { askKernel } from './support/kernel.ts'
import { describeValue, type ValueShape } from './support/map-values.ts'

/** Values and where their special fields lie, as offset and size; the running kernel is asked for the same. */
// biome-ignore format: table
const VALUES: readonly (readonly [what: string, shape: ValueShape, fields: readonly string[]])[] = [
  ['nothing special',                 ['u32', 'u64'],                                       []],
  ['a lock',                          ['u32', 'bpf_spin_lock'],                             ['bpf_spin_lock 4+4']],
  ['two locks',                       ['bpf_spin_lock', 'bpf_spin_lock'],                   []],
  ['a lock and a timer',              ['bpf_spin_lock', 'u32', 'bpf_timer'],                ['bpf_spin_lock 0+4', 'bpf_timer 8+16']],
  ['a lock in a struct in it',        ['u64', ['u32', 'bpf_spin_lock']],                    ['bpf_spin_lock 12+4']],
  ['two structs with a lock',         [['bpf_spin_lock'], ['bpf_spin_lock']],               []],
  ['a timer that is not aligned',     ['u32', 'bpf_timer'],                                 []],
  ['a work queue',                    ['bpf_wq', 'u64'],                                    ['bpf_wq 0+16']],
  ['kernel pointers',                 ['kptr_untrusted', 'u64', 'kptr'],                    ['kptr_untrusted 0+8', 'kptr 16+8']],
  ['kernel pointers in a struct',     ['u64', ['u64', 'kptr'], 'kptr'],                     ['kptr 16+8', 'kptr 24+8']],
  ['a pointer with an unknown tag',   ['bpf_spin_lock', 'u32', 'unknown_tag'],              []],
]

/** The kernel takes no BTF at all with such a struct in it. */
const NO_BTF: ReadonlySet<string> = new Set(['two locks', 'a pointer with an unknown tag'])

/** 6.18 counts the locks of each struct apart; 6.12 was mended to count those of the whole value. */
const COUNTED_APART = 'two structs with a lock'

describe('special fields of a map value', () => {
  it.each(VALUES)('%s', (_, shape, fields) => {
    const { btf, valueTypeId, sizeBytes } = describeValue(shape)
    const found = mapFields(btf, valueTypeId, sizeBytes)
    expect(found.map(({ kind, offsetBytes, sizeBytes: size }) => `${kind} ${offsetBytes}+${size}`)).toEqual(fields)
  })

  it('were tagged otherwise before 6.4: a plain tag said that nobody counts', () => {
    const kinds = (shape: ValueShape, release: string): readonly string[] => {
      const { btf, valueTypeId, sizeBytes } = describeValue(shape)
      return mapFields(btf, valueTypeId, sizeBytes, release).map(({ kind }) => kind)
    }
    expect(kinds(['kptr'], '6.1')).toEqual(['kptr_untrusted'])
    expect(kinds(['kptr'], '6.6')).toEqual(['kptr'])
    expect(kinds(['kptr_untrusted'], '6.1')).toEqual([])
  })

  it('lie where the running kernel forbids a byte to be loaded', (ctx) => {
    const oracle = kernelOracle()
    if ('unavailable' in oracle) return ctx.skip(oracle.unavailable)
    afterAll(() => oracle.close())
    for (const [what, shape] of VALUES) {
      const refuses = (): number => oracle.loadBtf(describeValue(shape).btf.encode())
      if (NO_BTF.has(what)) {
        expect(refuses, what).toThrow('the kernel does not take the BTF')
        continue
      }
      if (what === COUNTED_APART) continue
      const { btf, keyTypeId, valueTypeId, sizeBytes } = describeValue(shape)
      const types = { btfFd: oracle.loadBtf(btf.encode()), btfKeyTypeId: keyTypeId, btfValueTypeId: valueTypeId }
      const map = oracle.createMap({ type: 2, keySizeBytes: 4, valueSizeBytes: sizeBytes, maxEntries: 1, ...types })
      const loadable = Array.from({ length: sizeBytes }, (_, at) => {
        const asm = `r1 = array ll\nr1 = value(single) ll\nr0 = *(u8 *)(r1 + ${at})\nr0 = 0\nexit`
        return askKernel(
          oracle,
          programOf({ name: what, asm }, () => map.fd),
          0,
        ).ok
      })
      const fields = mapFields(btf, valueTypeId, sizeBytes)
      const free = loadable.map((_, at) =>
        fields.every(({ offsetBytes, sizeBytes: size }) => at < offsetBytes || at >= offsetBytes + size),
      )
      expect([what, loadable]).toEqual([what, free])
    }
  })
})

it('refuses a packet load in a callback', () => {
  const asm = `*(u64 *)(r10 - 8) = r1\nr1 = 1\nr2 = round ll\nr3 = r10\nr3 += -8\nr4 = 0\ncall 181\nr0 = 0\nexit
    round: r6 = *(u64 *)(r2 + 0)\nr0 = *(u8 *)skb[0]\nr0 = 0\nexit`
  const functions = [
    { name: 'main', args: [{ struct: '__sk_buff', bytes: 192 }] },
    { name: 'round', args: ['int', 'void *'], linkage: 'static' },
  ] as const
  const row = { name: 'a packet load in a callback', asm, functions, type: PROG_TYPE.SCHED_CLS }
  const result = verify(programOf(row, () => 1))
  // @see check_max_stack_depth_subprog in kernel/bpf/verifier.c of 6.12
  expect(result).toMatchObject({ ok: false, rejection: { message: 'cannot use BPF_LD_[ABS|IND] within callback' } })
})
