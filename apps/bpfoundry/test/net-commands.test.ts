import { expect, test } from 'vitest'
import { fixture } from '../../../packages/testbench/test/fixtures.ts'
import { bpfoundry } from './command-line.ts'

const DROP = fixture('programs/drop/drop.v3.o')
const CLASSIFIER = fixture('programs/not_offloadable/result_code.v3.o')
const TAG = '9bf8e2a8bee581f5'

test('net show prints what bpftool would', async () => {
  const { code, stdout } = await bpfoundry('net', 'show', DROP, '--mode', 'offload')
  expect([code, stdout]).toEqual([0, 'xdp:\neth0(2) offload id 2\n\ntc:\n\nflow_dissector:\n\nnetfilter:\n\n'])
  const json = await bpfoundry('net', 'show', DROP, '--json')
  expect(JSON.parse(json.stdout)).toEqual([
    { xdp: [{ devname: 'eth0', ifindex: 2, mode: 'driver', id: 1 }], tc: [], flow_dissector: [], netfilter: [] },
  ])
})

test('link show prints what ip would', async () => {
  const { stdout } = await bpfoundry('link', 'show', DROP, '--mode', 'generic', '--mtu', '9000')
  expect(stdout.split('\n')).toEqual([
    '2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 9000 xdpgeneric qdisc mq state UP mode DEFAULT group default qlen 1000',
    '    link/ether 02:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff',
    `    prog/xdp id 1 name drop tag ${TAG} jited`,
    '',
  ])
  const json = await bpfoundry('link', 'show', DROP, '--json')
  expect(JSON.parse(json.stdout)).toMatchObject([{ ifname: 'eth0', xdp: { mode: 1, prog: { id: 1, tag: TAG } } }])
})

test('net filters prints what tc would of a classifier', async () => {
  const { code, stdout } = await bpfoundry('net', 'filters', CLASSIFIER, '--program', 'rewritten')
  expect(code).toBe(0)
  expect(stdout).toMatch(
    /^filter protocol all pref 49152 bpf chain 0\n.* handle 0x1 result_code\.v3\.o:\[tc\] direct-action not_in_hw id 1 name rewritten tag [0-9a-f]{16} jited\n$/,
  )
})

test('on the card only: in hardware, or the refusal', async () => {
  const { stdout } = await bpfoundry('net', 'filters', CLASSIFIER, '--program', 'rewritten', '--skip-sw')
  expect(stdout).toContain(' direct-action skip_sw in_hw id 1 ')
  const refused = await bpfoundry('net', 'filters', CLASSIFIER, '--program', 'blocked', '--skip-sw')
  expect([refused.code, refused.stdout]).toEqual([1, ''])
  expect(refused.stderr).toContain('KERNEL_PROGRAM_REJECTED')
})

test('what the stack refuses is told with its words', async () => {
  const { code, stderr } = await bpfoundry('net', 'show', DROP, '--mtu', '9000')
  expect([code, stderr.split(':')[0]]).toEqual([1, 'XDP_ATTACH'])
})
