import { ATTACH_TYPE, ERRNO, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  type AttachDevice,
  AttachError,
  type AttachProgram,
  NIC_PROFILES,
  nicProfile,
  profileDriver,
  XDP_FLAGS,
  XdpAttachments,
  type XdpMode,
} from '../src/index.ts'

const { SKB_MODE, DRV_MODE, HW_MODE, UPDATE_IF_NOEXIST, REPLACE } = XDP_FLAGS

const xdp = (id: number, fields: Partial<AttachProgram> = {}): AttachProgram => ({
  id,
  name: `p${id}`,
  tag: '0123456789abcdef',
  type: PROG_TYPE.XDP,
  expectedAttachType: ATTACH_TYPE.XDP,
  ...fields,
})

const offloaded = (id: number, ifindex: number, card?: string): AttachProgram =>
  xdp(id, { bound: { ifindex, offloaded: true, ...(card === undefined ? {} : { card }) } })

interface Bed {
  readonly attachments: XdpAttachments
  readonly slots: Record<XdpMode, number>
  readonly device: AttachDevice
}

/** An interface whose driver takes everything, or that of a profile. */
function bed(profile?: string, fields: Partial<AttachDevice> = {}): Bed {
  const slots: Record<XdpMode, number> = { generic: 0, native: 0, offload: 0 }
  const device: AttachDevice = {
    name: 'eno1',
    ifindex: 2,
    card: 'card0',
    mtu: 1500,
    driver: profile === undefined ? { install: () => undefined } : profileDriver(nicProfile(profile)),
    setProgram: (mode, id) => {
      slots[mode] = id
    },
    ...fields,
  }
  return { attachments: new XdpAttachments(device), slots, device }
}

function refusal(run: () => unknown): [errno: number, extack: string | undefined] {
  try {
    run()
  } catch (error) {
    if (error instanceof AttachError) return [error.errno, error.extack]
    throw error
  }
  throw new Error('was not refused')
}

/** What net/core/dev.c and rtnetlink.c of 6.12 say, case by case: [title, what is done, errno, extack]. */
// biome-ignore format: table
const REFUSALS: readonly (readonly [string, (bed: Bed) => unknown, number, string?])[] = [
  ['unknown flags',                          ({ attachments: a }) => a.attach(xdp(1), { flags: 64 }), ERRNO.EINVAL],
  ['a program of another type',              ({ attachments: a }) => a.attach(xdp(1, { type: PROG_TYPE.SCHED_CLS })), ERRNO.EINVAL],
  ['an offloaded program in generic mode',   ({ attachments: a }) => a.attach(offloaded(1, 2), { flags: SKB_MODE }), ERRNO.EINVAL],
  ['two modes',                              ({ attachments: a }) => a.attach(xdp(1), { flags: SKB_MODE | DRV_MODE }), ERRNO.EINVAL, 'Only one XDP mode flag can be set'],
  ['no mode with two programs',              ({ attachments: a }) => { a.attach(xdp(1)); a.attach(offloaded(2, 2), { flags: HW_MODE }); a.detach() }, ERRNO.EINVAL, 'More than one program loaded, unset mode is ambiguous'],
  ['expected program without REPLACE',       ({ attachments: a }) => a.attach(xdp(1), { expected: xdp(2) }), ERRNO.EINVAL, 'XDP_FLAGS_REPLACE is not specified'],
  ['replacing a link',                       ({ attachments: a }) => { a.attachLink(xdp(1)); a.attach(xdp(2)) }, ERRNO.EBUSY, "Can't replace active BPF XDP link"],
  ['a link over a link',                     ({ attachments: a }) => { a.attachLink(xdp(1)); a.attachLink(xdp(2)) }, ERRNO.EBUSY, "Can't replace active BPF XDP link"],
  ['a link over a program',                  ({ attachments: a }) => { a.attach(xdp(1)); a.attachLink(xdp(2)) }, ERRNO.EBUSY, "Can't replace active XDP program with BPF link"],
  ['a link with other flags',                ({ attachments: a }) => a.attachLink(xdp(1), UPDATE_IF_NOEXIST), ERRNO.EINVAL, 'Invalid XDP flags for BPF link attachment'],
  ['replacing what is not there',            ({ attachments: a }) => { a.attach(xdp(1)); a.attach(xdp(3), { flags: REPLACE, expected: xdp(2) }) }, ERRNO.EEXIST, 'Active program does not match expected'],
  ['replacing nothing where there is one',   ({ attachments: a }) => { a.attach(xdp(1)); a.attach(xdp(3), { flags: REPLACE }) }, ERRNO.EEXIST, 'Active program does not match expected'],
  ['only if none is there, but one is',      ({ attachments: a }) => { a.attach(xdp(1)); a.attach(xdp(2), { flags: UPDATE_IF_NOEXIST }) }, ERRNO.EBUSY, 'XDP program already attached'],
  ['generic beside native',                  ({ attachments: a }) => { a.attach(xdp(1), { flags: DRV_MODE }); a.attach(xdp(2), { flags: SKB_MODE }) }, ERRNO.EEXIST, "Native and generic XDP can't be active at the same time"],
  ['native beside generic',                  ({ attachments: a }) => { a.attach(xdp(1), { flags: SKB_MODE }); a.attach(xdp(2), { flags: DRV_MODE }) }, ERRNO.EEXIST, "Native and generic XDP can't be active at the same time"],
  ['an offloaded program in the driver',     ({ attachments: a }) => a.attach(offloaded(1, 2), { flags: DRV_MODE }), ERRNO.EINVAL, 'Using offloaded program without HW_MODE flag is not supported'],
  ['a program of another device',            ({ attachments: a }) => a.attach(offloaded(1, 3), { flags: HW_MODE }), ERRNO.EINVAL, 'Program bound to different device'],
  ['a host program bound to another port',   ({ attachments: a }) => a.attach(xdp(1, { bound: { ifindex: 3, offloaded: false, card: 'card0' } })), ERRNO.EINVAL, 'Program bound to different device'],
  ['a bound program in generic mode',        ({ attachments: a }) => a.attach(xdp(1, { bound: { ifindex: 2, offloaded: false } }), { flags: SKB_MODE }), ERRNO.EINVAL, "Can't attach device-bound programs in generic mode"],
  ['a devmap program',                       ({ attachments: a }) => a.attach(xdp(1, { expectedAttachType: ATTACH_TYPE.XDP_DEVMAP })), ERRNO.EINVAL, 'BPF_XDP_DEVMAP programs can not be attached to a device'],
  ['a cpumap program',                       ({ attachments: a }) => a.attach(xdp(1, { expectedAttachType: ATTACH_TYPE.XDP_CPUMAP })), ERRNO.EINVAL, 'BPF_XDP_CPUMAP programs can not be attached to a device'],
  ['a link update with another attach type', ({ attachments: a }) => a.updateLink(a.attachLink(xdp(1)), xdp(2, { expectedAttachType: 0 })), ERRNO.EINVAL],
  ['a link update that expects another',     ({ attachments: a }) => a.updateLink(a.attachLink(xdp(1)), xdp(2), xdp(3)), ERRNO.EPERM],
  ['an update of a detached link',           ({ attachments: a }) => { const link = a.attachLink(xdp(1)); a.detachLink(link); a.updateLink(link, xdp(2)) }, 67],
]

for (const [title, run, errno, extack] of REFUSALS) {
  test(`${title} is refused as the kernel refuses it`, () => {
    const under = bed()
    expect(refusal(() => run(under))).toEqual([errno, extack])
  })
}

test.each([
  ['dummy', HW_MODE, 1500, ERRNO.EOPNOTSUPP, 'Underlying driver does not support XDP in native mode'],
  ['dummy', DRV_MODE, 1500, ERRNO.EOPNOTSUPP, 'Underlying driver does not support XDP in native mode'],
  ['ixgbe', HW_MODE, 1500, ERRNO.EINVAL, undefined],
  ['nfp', HW_MODE, 1500, ERRNO.EOPNOTSUPP, undefined],
  ['ixgbe', DRV_MODE, 3051, ERRNO.EINVAL, undefined],
  ['i40e', DRV_MODE, 3047, ERRNO.EINVAL, 'i40e: MTU too large for linear frames and XDP prog does not support frags'],
  ['mlx5', DRV_MODE, 3499, ERRNO.EINVAL, undefined],
  ['virtio_net', DRV_MODE, 3507, ERRNO.EINVAL, 'virtio_net: MTU too large to enable XDP without frags'],
  ['veth', DRV_MODE, 3507, ERRNO.ERANGE, 'veth: Peer MTU is too large to set XDP'],
  ['nfp', DRV_MODE, 3435, ERRNO.EINVAL, 'nfp: MTU too large w/ XDP enabled'],
] as const)('%s with flags %i at MTU %i', (profile, flags, mtu, errno, extack) => {
  const { attachments } = bed(profile, { mtu })
  const program = flags === HW_MODE ? offloaded(1, 2) : xdp(1)
  expect(refusal(() => attachments.attach(program, { flags }))).toEqual([errno, extack])
})

test.each(
  [...NIC_PROFILES.values()].flatMap((row) => (row.native ? [[row.name, row.native.mtu.maxMtu] as const] : [])),
)('native on %s works up to MTU %i, and the MTU stays below while it is attached', (profile, maxMtu) => {
  const { attachments, device } = bed(profile, { mtu: maxMtu })
  attachments.attach(xdp(1), { flags: DRV_MODE })
  expect(() => attachments.changeMtu(maxMtu + 1)).toThrow(AttachError)
  expect(device.mtu).toBe(maxMtu)
  attachments.detach()
  attachments.changeMtu(maxMtu + 1)
  expect(device.mtu).toBe(maxMtu + 1)
})

describe('an interface with a driver that takes everything', () => {
  let under: Bed
  beforeEach(() => {
    under = bed()
  })

  test('without a mode flag takes the driver, without a driver the stack', () => {
    expect(under.attachments.attach(xdp(1))).toBe('native')
    expect(bed('dummy').attachments.attach(xdp(1))).toBe('generic')
  })

  test('replaces, and empties the slot on detach', () => {
    const { attachments, slots } = under
    attachments.attach(xdp(1))
    attachments.attach(xdp(2))
    expect(slots.native).toBe(2)
    attachments.attach(xdp(3), { flags: REPLACE, expected: xdp(2) })
    attachments.detach()
    expect(slots).toEqual({ generic: 0, native: 0, offload: 0 })
    attachments.detach()
    expect(attachments.attached()).toEqual([])
  })

  test('offload goes beside generic or native; each is removed by its own flag', () => {
    const { attachments, slots } = under
    attachments.attach(xdp(1), { flags: SKB_MODE })
    attachments.attach(offloaded(2, 2), { flags: HW_MODE })
    expect(attachments.attached().map(({ mode }) => mode)).toEqual(['generic', 'offload'])
    attachments.detach({ flags: SKB_MODE })
    expect(slots).toEqual({ generic: 0, native: 0, offload: 2 })
  })

  test('ports of one card share offloaded programs', () => {
    expect(under.attachments.attach(offloaded(1, 9, 'card0'), { flags: HW_MODE })).toBe('offload')
  })

  test('a failed attach leaves everything as it was', () => {
    const { slots } = under
    const failing = bed(undefined, {
      driver: { install: ({ program }) => (program?.id === 2 ? { errno: ERRNO.ENOMEM } : undefined) },
    })
    failing.attachments.attach(xdp(1))
    expect(refusal(() => failing.attachments.attach(xdp(2)))).toEqual([ERRNO.ENOMEM, undefined])
    expect(failing.slots.native).toBe(1)
    expect(failing.attachments.program('native')?.id).toBe(1)
    expect(slots.native).toBe(0)
  })

  test('the driver is not asked when the program stays the same', () => {
    let calls = 0
    const { attachments } = bed(undefined, {
      driver: {
        install: () => {
          calls++
          return undefined
        },
      },
    })
    attachments.attach(xdp(1))
    attachments.attach(xdp(1))
    expect(calls).toBe(1)
  })

  test('a link owns its hook until it is detached, and can be updated', () => {
    const { attachments, slots } = under
    const link = attachments.attachLink(xdp(1))
    attachments.updateLink(link, xdp(2), xdp(1))
    expect(slots.native).toBe(2)
    expect(link.program.id).toBe(2)
    attachments.detachLink(link)
    expect(slots.native).toBe(0)
    expect(link.attached).toBe(false)
  })

  test('when the interface goes, programs and links go', () => {
    const { attachments, slots } = under
    const link = attachments.attachLink(xdp(1), SKB_MODE)
    attachments.attach(offloaded(2, 2), { flags: HW_MODE })
    attachments.uninstall()
    expect(slots).toEqual({ generic: 0, native: 0, offload: 0 })
    expect(link.attached).toBe(false)
    expect(attachments.attached()).toEqual([])
  })

  test('an upper device with a program, or a memory provider, is in the way', () => {
    const bond = bed()
    bond.attachments.attach(xdp(1))
    const port = bed(undefined, { uppers: () => [bond.attachments] })
    expect(refusal(() => port.attachments.attach(xdp(2)))).toEqual([
      ERRNO.EEXIST,
      'Cannot attach when an upper device already has a program',
    ])
    const devmem = bed(undefined, { memoryProvider: () => true })
    expect(refusal(() => devmem.attachments.attach(xdp(2)))).toEqual([
      ERRNO.EBUSY,
      'unable to install XDP to device using memory provider',
    ])
  })
})

describe('programs are held by what they are attached to', () => {
  const held = new Map<number, number>()
  const counted = (id: number): AttachProgram => {
    const count = (by: number) => (): void => void held.set(id, (held.get(id) ?? 0) + by)
    return xdp(id, { hold: count(1), drop: count(-1) })
  }
  beforeEach(() => held.clear())

  test('until they are replaced, removed, or their interface goes', () => {
    const { attachments } = bed()
    const [one, two] = [counted(1), counted(2)]
    attachments.attach(one)
    attachments.attach(one)
    attachments.attach(two)
    expect([...held]).toEqual([
      [1, 0],
      [2, 1],
    ])
    attachments.detach()
    expect(held.get(2)).toBe(0)
    attachments.attach(one)
    expect(attachments.uninstall()).toEqual([])
    expect([...held.values()]).toEqual([0, 0])
  })

  test('by a link until that is closed, also when its interface is gone', () => {
    const { attachments } = bed()
    const link = attachments.attachLink(counted(1))
    attachments.updateLink(link, counted(2))
    expect([...held]).toEqual([
      [1, 0],
      [2, 1],
    ])
    attachments.uninstall()
    expect([link.attached, held.get(2)]).toEqual([false, 1])
    attachments.closeLink(link)
    attachments.closeLink(link)
    expect(held.get(2)).toBe(0)
  })

  test('a driver that refuses to let go is warned of when the interface goes', () => {
    const refuses = {
      install: ({ program }: { readonly program: unknown }) =>
        program === undefined ? { errno: ERRNO.EOPNOTSUPP } : undefined,
    }
    const { attachments, slots } = bed(undefined, { driver: refuses })
    attachments.attach(counted(1))
    expect(attachments.uninstall()).toHaveLength(1)
    expect([slots.native, held.get(1), attachments.attached()]).toEqual([0, 0, []])
  })
})
