import { parsePacket } from '@bpfoundry/packet'
import { describe, expect, test } from 'vitest'
import { pktgen, Testbench } from '../src/index.ts'
import { object } from './fixtures.ts'

const TRAFFIC = 'count=500,src=10.0.0.0/8,dst=192.0.2.1,proto=udp,dport=9'

/** struct hop { struct mac dest, source; __u32 port; } of the router fixture. */
function hop(port: number): Uint8Array {
  const bytes = Buffer.alloc(16)
  bytes.write('020000000001', 0, 'hex')
  bytes.write('020000000002', 6, 'hex')
  bytes.writeUInt32LE(port, 12)
  return bytes
}

describe.each([false, true])('the router sends packets from one card to the other (threads: %s)', (threads) => {
  test.each([
    ['native', true, 'redirect'],
    // ixgbe takes redirected frames only while it has a native program of its own.
    ['native', false, 'redirect_error'],
    ['generic', false, 'redirect'],
  ] as const)('%s, program on the other card: %s', async (mode, onTarget, fate) => {
    const bench = await Testbench.create({ cpus: 2, threads })
    const [eno1, eno2] = [bench.addNic('eno1', { profile: 'ixgbe' }), bench.addNic('eno2', { profile: 'ixgbe' })]
    const objects = await bench.load(object('router'))
    objects.map('routes').set({ bits: 24, addr: '192.0.2.0' }, hop(7))
    objects.map('ports').set(7, eno2.ifindex)
    for (const nic of onTarget ? [eno1, eno2] : [eno1]) await nic.attachXdp(objects.program(), { mode })
    const sent: string[] = []
    const report = await eno1.receive(pktgen(TRAFFIC), {
      onTransmit: (frame, nic) => {
        const packet = parsePacket(frame.bytes.slice(frame.offsetBytes, frame.offsetBytes + frame.lengthBytes))
        sent.push(`${nic.name} ${packet.find('ethernet')?.dst} ttl ${packet.find('ipv4')?.ttl}`)
      },
    })
    await bench.close()
    expect(report.fates[fate]).toBe(500)
    const expected = fate === 'redirect' ? 500 : 0
    expect(sent.filter((line) => line === 'eno2 02:00:00:00:00:01 ttl 63').length, sent[0]).toBe(expected)
  })
})
