import { expect, test } from 'vitest'
import { type AttachRefusal, type InterfaceFacts, nativeWarning, nicProfile, profileDriver } from '../src/index.ts'

const FACTS: InterfaceFacts = { rxQueues: 4, cpus: 4 }
const program = (hasFrags: boolean) => ({
  id: 1,
  name: 'p',
  tag: '0000000000000000',
  type: 6,
  expectedAttachType: 37,
  hasFrags,
})

interface Asked {
  readonly profile: string
  readonly facts?: Partial<InterfaceFacts>
  readonly mtu?: number
  readonly frags?: boolean
}

function answer({ profile, facts = {}, mtu = 1500, frags = false }: Asked): AttachRefusal | undefined {
  const driver = profileDriver(nicProfile(profile), { ...FACTS, ...facts })
  return driver.install?.({ mode: 'native', program: program(frags), previous: undefined, mtu })
}

type Row = readonly [title: string, asked: Asked, errno?: number | undefined, words?: string]

/** What each driver says, in the words of Linux 6.12. Errnos: 12 ENOMEM, 22 EINVAL, 28 ENOSPC, 34 ERANGE, 95 EOPNOTSUPP, 107 ENOTCONN. */
// biome-ignore format: table
const REFUSALS: readonly Row[] = [
  ['veth without its other end',                 { profile: 'veth', facts: { peer: null } },                                 107, 'veth: Cannot set XDP when peer is detached'],
  ["veth with a large MTU at its other end",     { profile: 'veth', facts: { peer: { mtu: 3507, txQueues: 1 } } },           34, 'veth: Peer MTU is too large to set XDP'],
  ["veth's own MTU does not count",              { profile: 'veth', facts: { peer: { mtu: 1500, txQueues: 1 } }, mtu: 9000 }, undefined],
  ['veth, frags make room for 17 pages more',    { profile: 'veth', facts: { peer: { mtu: 65_535, txQueues: 1 } }, frags: true }, undefined],
  ['veth with more queues at its other end',     { profile: 'veth', facts: { peer: { mtu: 1500, txQueues: 5 } } },           28, 'veth: XDP expects number of rx queues not less than peer tx queues'],
  ['virtio_net whose host does GRO_HW',          { profile: 'virtio_net', facts: { guestOffloads: true } },                  95, "virtio_net: Can't set XDP while host is implementing GRO_HW/CSUM, disable GRO_HW/CSUM first"],
  ['virtio_net with a header of its own',        { profile: 'virtio_net', facts: { separateHeader: true } },                 22, 'virtio_net: XDP expects header/data in single page, any_header_sg required'],
  ['virtio_net with a large MTU',                { profile: 'virtio_net', mtu: 3507 },                                       22, 'virtio_net: MTU too large to enable XDP without frags'],
  ['virtio_net with a large MTU and frags',      { profile: 'virtio_net', mtu: 9000, frags: true },                          undefined],
  ['i40e with a large MTU',                      { profile: 'i40e', mtu: 3047 },                                             22, 'i40e: MTU too large for linear frames and XDP prog does not support frags'],
  ['i40e with a large MTU and frags',            { profile: 'i40e', mtu: 9000, frags: true },                                undefined],
  ['ixgbe with a large MTU, frags or not',       { profile: 'ixgbe', mtu: 3051, frags: true },                               22],
  ['ixgbe with more CPUs than it has rings for', { profile: 'ixgbe', facts: { cpus: 129 } },                                 12],
  ['nfp with a large MTU',                       { profile: 'nfp', mtu: 3435 },                                              22, 'nfp: MTU too large w/ XDP enabled'],
  ['nfp without rings for XDP',                  { profile: 'nfp', facts: { rxQueues: 61 } },                                22, 'nfp: Insufficient number of TX rings w/ XDP enabled'],
]

test.each(REFUSALS.map((row) => [row[0], row] as const))('%s', (_title, [, asked, errno, words]) => {
  const said = answer(asked)
  expect({ errno: said?.errno, extack: said?.extack }).toEqual({ errno, extack: words })
})

test('mlx5 says in the kernel log what it does not tell netlink', () => {
  expect(answer({ profile: 'mlx5', mtu: 3499 })).toEqual({
    errno: 22,
    kernelLog: 'MTU(3499) > 3498, too big for an XDP program not aware of multi buffer',
  })
  expect(answer({ profile: 'mlx5', mtu: 9000, frags: true })).toBeUndefined()
})

test('virtio_net warns when the host gives too few queues', () => {
  const profile = nicProfile('virtio_net')
  expect(nativeWarning(profile, { ...FACTS, queuePairs: 8 })).toBeUndefined()
  expect(nativeWarning(profile, { ...FACTS, queuePairs: 7 })).toBe(
    'XDP request 8 queues but max is 7. XDP_TX and XDP_REDIRECT will operate in a slower locked tx mode.',
  )
})
