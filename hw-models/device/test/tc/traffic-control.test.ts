import { ERRNO, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  AttachError,
  type AttachRefusal,
  bpftoolNetJson,
  bpftoolNetLines,
  type ClsBpfOffload,
  classicProgram,
  iprouteErrorLines,
  refusesOffload,
  type TcDriver,
  type TcFilterRequest,
  type TcProgram,
  TrafficControl,
  tcFilterJson,
  tcFilterLines,
  tcQdiscLines,
} from '../../src/index.ts'

const CLASSIC = classicProgram([{ code: 6, jt: 0, jf: 0, k: 4294967295 }])

const cls = (id: number, fields: Partial<TcProgram> = {}): TcProgram => ({
  ...{ id, name: 'cls', tag: '59f4a931744dcdc6', type: PROG_TYPE.SCHED_CLS, expectedAttachType: 0, jited: true },
  ...fields,
})

function bed(driver: TcDriver = {}): TrafficControl {
  const tc = new TrafficControl({ name: 'veth0', ifindex: 2, driver, accepts: ({ ifindex }) => ifindex === 2 })
  tc.addQdisc('clsact')
  return tc
}

function refusal(run: () => unknown): [errno: number, lines: string[]] {
  try {
    run()
  } catch (error) {
    if (error instanceof AttachError) return [error.errno, iprouteErrorLines(error, 'tc')]
    throw error
  }
  throw new Error('was not refused')
}

const on = (fields: Partial<TcFilterRequest> = {}): TcFilterRequest => ({
  ...{ direction: 'ingress', program: CLASSIC },
  ...fields,
})

/** What iproute2 6.1 printed of a veth on Linux 6.18, blanks at line ends left out. */
describe('output of tc, bpftool and ip', () => {
  test('bytecode, three priorities', () => {
    const tc = bed()
    tc.addFilter(on())
    tc.addFilter(on({ priority: 1, handle: 1, directAction: true }))
    tc.addFilter(on({ skipHw: true }))
    expect(tcFilterLines(tc, 'ingress')).toEqual([
      'filter protocol all pref 1 bpf chain 0',
      "filter protocol all pref 1 bpf chain 0 handle 0x1 direct-action not_in_hw bytecode '1,6 0 0 4294967295'",
      'filter protocol all pref 49151 bpf chain 0',
      "filter protocol all pref 49151 bpf chain 0 handle 0x1 skip_hw not_in_hw bytecode '1,6 0 0 4294967295'",
      'filter protocol all pref 49152 bpf chain 0',
      "filter protocol all pref 49152 bpf chain 0 handle 0x1 not_in_hw bytecode '1,6 0 0 4294967295'",
    ])
    const [first, second] = tcFilterJson(tc, 'ingress').slice(-2)
    expect(first).toEqual({ protocol: 'all', pref: 49152, kind: 'bpf', chain: 0 })
    expect(second?.options).toEqual({
      handle: '0x1',
      not_in_hw: true,
      bytecode: { length: 1, insns: [{ code: 6, jt: 0, jf: 0, k: 4294967295 }] },
    })
  })

  test('programs both ways, and what bpftool net says', () => {
    const tc = bed()
    const label = 'c_ret0.o:[tc]'
    tc.addFilter(on({ program: cls(500147), label, directAction: true }))
    tc.addFilter(on({ direction: 'egress', program: cls(500151), label, priority: 3, protocol: 'ip', skipHw: true }))
    expect([...tcFilterLines(tc, 'ingress'), ...tcFilterLines(tc, 'egress')]).toEqual([
      'filter protocol all pref 49152 bpf chain 0',
      'filter protocol all pref 49152 bpf chain 0 handle 0x1 c_ret0.o:[tc] direct-action not_in_hw id 500147 name cls tag 59f4a931744dcdc6 jited',
      'filter protocol ip pref 3 bpf chain 0',
      'filter protocol ip pref 3 bpf chain 0 handle 0x1 c_ret0.o:[tc] skip_hw not_in_hw id 500151 name cls tag 59f4a931744dcdc6 jited',
    ])
    expect(tcFilterJson(tc, 'ingress')[1]).toEqual({
      ...{ protocol: 'all', pref: 49152, kind: 'bpf', chain: 0 },
      options: {
        handle: '0x1',
        bpf_name: 'c_ret0.o:[tc]',
        'direct-action': true,
        not_in_hw: true,
        prog: { id: 500147, name: 'cls', tag: '59f4a931744dcdc6', jited: 1 },
      },
    })
    const xdp = { attached: () => [{ mode: 'native', program: cls(500139) }] as const }
    const devices = [{ name: 'veth0', ifindex: 2, xdp: { attached: () => [...xdp.attached()] }, tc }]
    expect(bpftoolNetLines(devices)).toEqual([
      ...['xdp:', 'veth0(2) driver id 500139', '', 'tc:'],
      ...['veth0(2) clsact/ingress c_ret0.o:[tc] id 500147', 'veth0(2) clsact/egress c_ret0.o:[tc] id 500151'],
      ...['', 'flow_dissector:', '', 'netfilter:', ''],
    ])
    expect(bpftoolNetJson(devices)[0]).toMatchObject({
      xdp: [{ devname: 'veth0', ifindex: 2, mode: 'driver', id: 500139 }],
      tc: [
        { devname: 'veth0', ifindex: 2, kind: 'clsact/ingress', name: 'c_ret0.o:[tc]', id: 500147 },
        { devname: 'veth0', ifindex: 2, kind: 'clsact/egress', name: 'c_ret0.o:[tc]', id: 500151 },
      ],
    })
  })

  test('an ingress qdisc is one block: both directions and all parents show it', () => {
    const tc = bed()
    expect(tcQdiscLines(tc)).toEqual(['qdisc clsact ffff: parent ffff:fff1'])
    tc.deleteQdisc('clsact')
    tc.addQdisc('ingress')
    expect(tcQdiscLines(tc)).toEqual(['qdisc ingress ffff: parent ffff:fff1 ----------------'])
    tc.addFilter(on({ program: cls(503783), label: 'c_ret0.o:[tc]', directAction: true }))
    tc.addFilter(on({ priority: 5, handle: 7, chain: 2, directAction: true }))
    expect(tcFilterLines(tc, 'egress')).toEqual([
      'filter ingress protocol all pref 49152 bpf chain 0',
      'filter ingress protocol all pref 49152 bpf chain 0 handle 0x1 c_ret0.o:[tc] direct-action not_in_hw id 503783 name cls tag 59f4a931744dcdc6 jited',
      'filter ingress protocol all pref 5 bpf chain 2',
      "filter ingress protocol all pref 5 bpf chain 2 handle 0x7 direct-action not_in_hw bytecode '1,6 0 0 4294967295'",
    ])
    const devices = [{ name: 'veth0', ifindex: 2, xdp: { attached: () => [] }, tc }]
    expect(bpftoolNetLines(devices).slice(3, -5)).toEqual(
      ['ingress', 'root', 'clsact/ingress', 'clsact/egress'].flatMap((kind) => [
        `veth0(2) ${kind} c_ret0.o:[tc] id 503783`,
        `veth0(2) ${kind}`,
      ]),
    )
  })
})

/** What the kernel says of commands that it refuses: its 6.12 words, seen on 6.18 where it says the same. */
// biome-ignore format: table
const REFUSALS: readonly (readonly [title: string, run: (tc: TrafficControl) => unknown, errno: number, line: string])[] = [
  ['the same qdisc again',                  (tc) => tc.addQdisc('clsact'),                                                   ERRNO.EEXIST, 'Error: Exclusivity flag on, cannot modify.'],
  ['another qdisc in its place',            (tc) => tc.addQdisc('ingress'),                                                  ERRNO.EEXIST, 'Error: Exclusivity flag on, cannot modify.'],
  ['deleting another qdisc',                (tc) => tc.deleteQdisc('ingress'),                                               ERRNO.EINVAL, 'Error: Invalid qdisc name.'],
  ['deleting a qdisc that is gone',         (tc) => { tc.deleteQdisc('clsact'); tc.deleteQdisc('clsact') },                  ERRNO.EINVAL, 'Error: Invalid handle.'],
  ['a filter without a qdisc',              (tc) => { tc.deleteQdisc('clsact'); tc.addFilter(on()) },                        ERRNO.EINVAL, "Error: Parent Qdisc doesn't exists."],
  ['a filter that is there',                (tc) => tc.addFilter(on({ priority: 5, handle: 7 })),                            ERRNO.EEXIST, 'Error: Filter already exists.'],
  ['another protocol at a priority',        (tc) => tc.addFilter(on({ priority: 5, protocol: 'ip' })),                       ERRNO.EINVAL, 'Error: Filter with specified priority/protocol not found.'],
  ['changing without a priority',           (tc) => tc.changeFilter(on()),                                                   ERRNO.ENOENT, 'Error: Invalid filter command with priority of zero.'],
  ['changing what has no protocol',         (tc) => tc.changeFilter(on({ priority: 6, handle: 7 })),                         ERRNO.EINVAL, 'Error: Filter kind and protocol must be specified.'],
  ['changing a handle that is not there',   (tc) => tc.changeFilter(on({ priority: 5, handle: 9 })),                         ERRNO.ENOENT, 'Error: Need both RTM_NEWTFILTER and NLM_F_CREATE to create a new filter.'],
  ['neither software nor hardware',         (tc) => tc.addFilter(on({ skipSw: true, skipHw: true })),                        ERRNO.EINVAL, 'RTNETLINK answers: Invalid argument'],
  ['other flags at a replacement',          (tc) => tc.replaceFilter(on({ priority: 5, handle: 7, skipHw: true })),          ERRNO.EINVAL, 'RTNETLINK answers: Invalid argument'],
  ['hardware only, without a driver',       (tc) => tc.addFilter(on({ skipSw: true })),                                      ERRNO.EOPNOTSUPP, 'RTNETLINK answers: Operation not supported'],
  ['a chain that is not there',             (tc) => tc.deleteFilter({ direction: 'ingress', priority: 5, handle: 7, chain: 3 }), ERRNO.ENOENT, 'Error: Cannot find specified filter chain.'],
  ['deleting by handle alone',              (tc) => tc.deleteFilter({ direction: 'ingress', handle: 7 }),                    ERRNO.ENOENT, 'Error: Cannot flush filters with protocol, handle or kind set.'],
  ['deleting a handle that is not there',   (tc) => tc.deleteFilter({ direction: 'ingress', priority: 5, handle: 8 }),       ERRNO.ENOENT, 'Error: Specified filter handle not found.'],
  ['deleting a priority that is not there', (tc) => tc.deleteFilter({ direction: 'ingress', priority: 9, handle: 7 }),       ERRNO.ENOENT, 'Error: Filter with specified priority/protocol not found.'],
  ['a chain number out of range',           (tc) => tc.addFilter(on({ chain: 0x10000000 })),                                 ERRNO.EINVAL, 'Error: Specified chain index exceeds upper limit.'],
  ['a program of another type',             (tc) => tc.addFilter(on({ program: cls(3, { type: PROG_TYPE.XDP }) })),          ERRNO.EINVAL, 'RTNETLINK answers: Invalid argument'],
  ['a program that only a card runs',       (tc) => tc.addFilter(on({ program: cls(3, { bound: { ifindex: 2, offloaded: true } }) })), ERRNO.EINVAL, 'RTNETLINK answers: Invalid argument'],
  ['a program of another card',             (tc) => tc.addFilter(on({ skipSw: true, program: cls(3, { bound: { ifindex: 9, offloaded: true } }) })), ERRNO.EINVAL, 'Error: Program is bound to a different device.'],
  ['switching a feature that is fixed',     (tc) => tc.setHwTcOffload(true),                                                 ERRNO.EOPNOTSUPP, 'RTNETLINK answers: Operation not supported'],
]

test.each(REFUSALS)('%s is refused', (_title, run, errno, line) => {
  const tc = bed()
  tc.addFilter(on({ priority: 5, handle: 7 }))
  expect(refusal(() => run(tc))).toEqual([errno, [line, 'We have an error talking to the kernel']])
})

describe('filters', () => {
  let tc: TrafficControl
  beforeEach(() => {
    tc = bed()
  })

  test('get the lowest handle that is free, and priorities count down', () => {
    const handles = [1, 2, 3].map(() => tc.addFilter(on({ priority: 4 })).handle)
    tc.deleteFilter({ direction: 'ingress', priority: 4, handle: 2 })
    expect([...handles, tc.addFilter(on({ priority: 4 })).handle]).toEqual([1, 2, 3, 2])
    expect([1, 2].map(() => tc.addFilter(on()).priority)).toEqual([49152, 49151])
  })

  test('are replaced in place, and deleted by priority, chain or qdisc', () => {
    for (const handle of [1, 2, 3]) tc.addFilter(on({ priority: 4, handle }))
    tc.changeFilter(on({ priority: 4, handle: 2, program: cls(8) }))
    expect(tc.filters('ingress').map(({ program }) => program.id)).toEqual([0, 8, 0])
    tc.addFilter(on({ chain: 3 }))
    tc.deleteFilter({ direction: 'ingress', priority: 4 })
    expect(tc.filters('ingress').map(({ chain }) => chain)).toEqual([3])
    tc.deleteFilter({ direction: 'ingress', chain: 3 })
    tc.deleteFilter({ direction: 'ingress', chain: 5 })
    expect(tc.filters('ingress')).toEqual([])
  })

  test('hold their programs as long as they are there', () => {
    const held = { one: 0, two: 0 }
    const counted = (id: number, name: 'one' | 'two'): TcProgram =>
      cls(id, { hold: () => void held[name]++, drop: () => void held[name]-- })
    tc.addFilter(on({ program: counted(1, 'one'), priority: 1, handle: 1 }))
    expect(held).toEqual({ one: 1, two: 0 })
    tc.replaceFilter(on({ program: counted(2, 'two'), priority: 1, handle: 1 }))
    expect(held).toEqual({ one: 0, two: 1 })
    refusal(() => tc.addFilter(on({ program: counted(1, 'one'), skipSw: true })))
    tc.uninstall()
    expect(held).toEqual({ one: 0, two: 0 })
  })
})

describe('offload', () => {
  const asked: ClsBpfOffload[] = []
  let answer: AttachRefusal | undefined
  const driver: TcDriver = {
    setupFilter: (request) => {
      asked.push(request)
      return request.program === undefined ? undefined : answer
    },
    setHwTcOffload: () => undefined,
  }
  const refused = { errno: ERRNO.EBUSY, extack: 'card: no' }
  beforeEach(() => {
    asked.length = 0
    answer = undefined
  })

  test('every filter is offered but those with skip_hw', () => {
    const tc = bed(driver)
    tc.addFilter(on())
    tc.addFilter(on({ skipHw: true }))
    expect(tc.filters('ingress').map(({ inHw }) => inHw)).toEqual([false, true])
    expect(asked).toHaveLength(1)
  })

  test('a refusal leaves the filter in software, unless it must not be there', () => {
    const tc = bed(driver)
    answer = refused
    expect(tc.addFilter(on()).inHw).toBe(false)
    expect(refusal(() => tc.addFilter(on({ skipSw: true })))).toEqual([
      ERRNO.EBUSY,
      ['Error: card: no.', 'We have an error talking to the kernel'],
    ])
    expect(tc.filters('ingress')).toHaveLength(1)
  })

  test('a replacement that is refused puts the old program back', () => {
    const tc = bed(driver)
    tc.addFilter(on({ program: cls(1), priority: 1, handle: 1, skipSw: true }))
    answer = refused
    asked.length = 0
    const replace = (): unknown => tc.replaceFilter(on({ program: cls(2), priority: 1, handle: 1, skipSw: true }))
    expect(refusal(replace)[0]).toBe(ERRNO.EBUSY)
    expect(asked.map(({ program, previous }) => [program?.id, previous?.id])).toEqual([
      [2, 1],
      [1, 2],
    ])
    expect(tc.filters('ingress').map(({ program }) => program.id)).toEqual([1])
  })

  test('egress has none', () => {
    const tc = bed(driver)
    expect(tc.addFilter(on({ direction: 'egress' })).inHw).toBe(false)
    expect(refusal(() => tc.addFilter(on({ direction: 'egress', skipSw: true })))[0]).toBe(ERRNO.EOPNOTSUPP)
    expect(asked).toEqual([])
  })

  test('what goes is taken away', () => {
    const tc = bed(driver)
    tc.addFilter(on({ program: cls(1) }))
    tc.uninstall()
    expect(asked.map(({ program, previous }) => [program?.id, previous?.id])).toEqual([
      [1, undefined],
      [undefined, 1],
    ])
    expect(tc.qdisc).toBeUndefined()
  })

  test('drivers ask for the feature first, then for chain 0', () => {
    expect(refusesOffload(false, 1)).toBe('TC offload is disabled on net device')
    expect(refusesOffload(true, 1)).toBe('Driver supports only offload of chain 0')
    expect(refusesOffload(true, 0)).toBeUndefined()
  })
})
