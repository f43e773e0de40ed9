import { expect, test } from 'vitest'
import {
  type Attached,
  type IpLink,
  ipAddressLines,
  ipLinkJson,
  ipLinkLines,
  ipLinkModeWord,
  ipLinkObject,
  ipLinkProgramLines,
  type XdpMode,
} from '../src/index.ts'

const attached = (mode: XdpMode, id: number): Attached => ({
  mode,
  program: { id, name: 'upf_ip_entrypoi', tag: 'a77c715aaac4979b', type: 6, expectedAttachType: 37, jited: true },
})

/** Words and line of a live interface: edgecomllc/eupf#116; the others from iproute2's ip/iplink_xdp.c. */
test('one program is shown as ip link shows it', () => {
  expect(ipLinkModeWord([attached('native', 628)])).toBe('xdp')
  expect(ipLinkProgramLines([attached('native', 628)])).toEqual([
    '    prog/xdp id 628 name upf_ip_entrypoi tag a77c715aaac4979b jited',
  ])
  expect(ipLinkModeWord([attached('generic', 1)])).toBe('xdpgeneric')
  expect(ipLinkModeWord([attached('offload', 1)])).toBe('xdpoffload')
  expect(ipLinkModeWord([])).toBe('')
})

test('several programs are xdpmulti with a line each', () => {
  const both = [attached('native', 1), attached('offload', 2)]
  expect(ipLinkModeWord(both)).toBe('xdpmulti')
  expect(ipLinkProgramLines(both).map((line) => line.split(' name')[0])).toEqual([
    '    prog/xdpdrv id 1',
    '    prog/xdpoffload id 2',
  ])
  expect(ipLinkJson(both)?.mode).toBe(4)
})

test('ip -j link has mode numbers and the program', () => {
  const program = { id: 12, name: 'upf_ip_entrypoi', tag: 'a77c715aaac4979b', jited: 1 }
  expect(ipLinkJson([attached('generic', 12)])).toEqual({
    mode: 2,
    prog: program,
    attached: [{ mode: 2, prog: program }],
  })
  expect(ipLinkJson([])).toBeUndefined()
})

/** A veth as iproute2 6.1 showed it on Linux 6.18, blanks at line ends left out. */
const VETH: IpLink = {
  ...{ ifindex: 2, name: 'veth0@veth1', flags: ['NO-CARRIER', 'BROADCAST', 'MULTICAST', 'UP', 'M-DOWN'], mtu: 1500 },
  ...{ qdisc: 'noqueue', state: 'LOWERLAYERDOWN', address: 'd2:82:bc:81:7f:dd', transmitQueueLength: 1000 },
  attached: [
    {
      mode: 'generic',
      program: {
        ...{ id: 500111, name: 'func', tag: '59f4a931744dcdc6', type: 6, expectedAttachType: 37, jited: true },
        ...{ loadTimeNs: 24859034066750, userId: 0, btfId: 77217 },
      },
    },
  ],
}
const HEAD = '2: veth0@veth1: <NO-CARRIER,BROADCAST,MULTICAST,UP,M-DOWN> mtu 1500'
const ADDRESS = '    link/ether d2:82:bc:81:7f:dd brd ff:ff:ff:ff:ff:ff'

test('ip link and ip address show an interface', () => {
  expect(ipLinkLines(VETH)).toEqual([
    `${HEAD} xdpgeneric qdisc noqueue state LOWERLAYERDOWN mode DEFAULT group default qlen 1000`,
    ADDRESS,
    '    prog/xdp id 500111 name func tag 59f4a931744dcdc6 jited',
  ])
  expect(ipAddressLines(VETH)).toEqual([
    `${HEAD} xdpgeneric/id:500111 qdisc noqueue state LOWERLAYERDOWN group default qlen 1000`,
    ADDRESS,
  ])
  expect(ipLinkLines({ ...VETH, attached: [], transmitQueueLength: 0 })).toEqual([
    `${HEAD} qdisc noqueue state LOWERLAYERDOWN mode DEFAULT group default`,
    ADDRESS,
  ])
})

test('ip -d link tells more of programs, ip -j link the whole interface', () => {
  expect(ipLinkLines(VETH, { details: true })[2]).toMatch(
    /tag 59f4a931744dcdc6 jited load_time 24859034066750 created_by_uid 0 btf_id 77217$/,
  )
  const program = { id: 500111, name: 'func', tag: '59f4a931744dcdc6', jited: 1 }
  expect(ipLinkObject(VETH)).toEqual({
    ...{ ifindex: 2, ifname: 'veth0@veth1', flags: VETH.flags, mtu: 1500 },
    xdp: { mode: 2, prog: program, attached: [{ mode: 2, prog: program }] },
    ...{ qdisc: 'noqueue', operstate: 'LOWERLAYERDOWN', linkmode: 'DEFAULT', group: 'default', txqlen: 1000 },
    ...{ link_type: 'ether', address: 'd2:82:bc:81:7f:dd', broadcast: 'ff:ff:ff:ff:ff:ff' },
  })
})
