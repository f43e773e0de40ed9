import { attachNic, createDriverPoll, createNic, ethtoolStats, NicWire } from '@bpfoundry/device'
import { expect, test } from 'vitest'
import { fakeProgram, ipv4Frame, machine } from '../../device/test/fakes.ts'
import { createNfpCores, firmwareResult, nfpCard, nfpStage, nfpThreadPackets, resultBits } from '../src/index.ts'

function bed(run: (n: number) => number, cpus = 1) {
  const { memory, cpus: all } = machine(cpus)
  const handle = createNic(memory, { name: 'eno1', ifindex: 2, profile: 'agilio-cx-2x10', cpus, ringSize: 1024 })
  const cores = createNfpCores(memory, 'eno1', nfpCard('agilio-cx-2x10'))
  let calls = 0
  const program = fakeProgram(7, () => run(calls++))
  const polls = all.map((cpu) =>
    createDriverPoll({ memory, nic: handle, cpu, programs: () => program, stages: [nfpStage(cores)] }),
  )
  const nic = attachNic(memory, handle)
  nic.setProgram('offload', 7)
  return { memory, nic, cores, wire: new NicWire(memory, handle), polls }
}

/** The comment above nfp_outro_xdp in the driver. */
test.each([
  [0, 0x82, 'drop', 3],
  [1, 0x22, 'drop', 1],
  [2, 0x11, 'pass', 0],
  [3, 0x44, 'redirect', 2],
  [4, 0x82, 'drop', 3],
  [0xffffffff, 0x82, 'drop', 3],
])('R0 %i gives result 0x%s', (r0, bits, disposition, stat) => {
  expect(resultBits(r0)).toBe(bits)
  expect(firmwareResult(bits)).toEqual({ disposition, stat })
})

test('fates and the statistics of ethtool follow the result word', () => {
  const { nic, wire, polls } = bed((n) => n % 6)
  for (let n = 0; n < 12; n++) wire.deliver(ipv4Frame(64, n), 0, 64, n)
  for (const poll of polls) poll.pollAll()
  expect(nic.fates()).toMatchObject({ in: 12, aborted: 6, drop: 2, pass: 2, tx: 2, redirect: 0, invalid_action: 0 })
  const stats = Object.fromEntries(ethtoolStats(nic).map(({ name, value }) => [name, value]))
  expect(stats).toMatchObject({
    bpf_pass_pkts: 2,
    bpf_app1_pkts: 2,
    bpf_app2_pkts: 2,
    bpf_app3_pkts: 6,
    bpf_app3_bytes: 384,
  })
  expect(nic.invalidAction()).toBeUndefined()
})

test('packets are spread over all threads of all cores, on several CPUs too', () => {
  const { memory, nic, cores, wire, polls } = bed(() => 1, 3)
  for (let round = 0; round < 10; round++) {
    for (let n = 0; n < 1000; n++) wire.deliver(ipv4Frame(64, n * 7919), 0, 64, n)
    while (polls.some((poll) => poll.pollAll() > 0));
  }
  const packets = nfpThreadPackets(memory, cores)
  expect(packets.length).toBe(50)
  expect(packets.every((threads) => threads.length === 4 && threads.every((count) => count > 0))).toBe(true)
  expect(packets.flat().reduce((a, b) => a + b, 0)).toBe(nic.fates().in)
})
