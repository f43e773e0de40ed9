import { classicProgram } from '@bpfoundry/device'
import { ERRNO } from '@bpfoundry/kernel-abi'
import { expect, test } from 'vitest'
import type { FilterOptions, NetdevsimPort } from '../src/index.ts'
import { RET0 } from './sample-objects.ts'
import { failure, type SelftestBed, selftest, xdpOf } from './selftest-bed.ts'

/** tools/testing/selftests/net/bpf_offload.py of Linux 6.12, title by title: classifiers. */

const BYTECODE = classicProgram([{ code: 6, jt: 0, jf: 0, k: 4294967295 }])
const AT_ONE: FilterOptions = { priority: 1, handle: 1 }
const FLAGS: readonly FilterOptions[] = [{}, { skipSw: true }, { skipHw: true }]

const deleteAtOne = (sim: NetdevsimPort): void => sim.tc.deleteFilter({ direction: 'ingress', priority: 1, handle: 1 })

/** Deletes the qdisc and makes it anew. */
function flush(sim: NetdevsimPort): void {
  sim.tc.deleteQdisc('ingress')
  sim.tc.addQdisc('ingress')
}

test(
  'Test TC non-offloaded...',
  selftest((bed) => {
    const { sim, simdev } = bed.tcDevice(false)
    const filter = bed.ip.addFilter(sim, RET0, { skipHw: true })
    expect(filter).toMatchObject({ skipHw: true, inHw: false, handle: 1, priority: 0xc000 })
    expect(bed.counts(simdev)).toEqual({ bound: 0, total: 1 })
  }),
)

test(
  "Test TC non-offloaded isn't getting bound...",
  selftest((bed) => {
    const { sim, simdev } = bed.tcDevice(false)
    expect(bed.ip.addFilter(sim, RET0).inHw).toBe(false)
    expect(bed.counts(simdev)).toEqual({ bound: 0, total: 1 })
    expect(bed.programs()[0]).not.toHaveProperty('dev')
  }),
)

test(
  'Test TC offloads are off by default...',
  selftest((bed) => {
    const { sim, simdev } = bed.tcDevice(false)
    const refused = failure(() => bed.ip.addFilter(sim, RET0, { skipSw: true }))
    expect(refused).toMatchObject({ errno: ERRNO.EOPNOTSUPP, said: 'Error: TC offload is disabled on net device.' })
    expect(sim.tc.filters('ingress')).toEqual([])
    expect(bed.counts(simdev)).toEqual({ bound: 0, total: 0 })
  }),
)

test(
  'Test TC offload by default...',
  selftest((bed) => {
    const { sim, simdev, dfs } = bed.tcDevice()
    dfs.write('ports/0/bpf_tc_non_bound_accept', 'Y')
    bed.ip.addFilter(sim, RET0)
    expect(sim.tc.filters('ingress').map(({ inHw }) => inHw)).toEqual([true])
    expect(bed.counts(simdev)).toEqual({ bound: 0, total: 1 })
  }),
)

test(
  'Test TC cBPF bytcode tries offload by default...',
  selftest((bed) => {
    const { sim, simdev, dfs } = bed.tcDevice()
    dfs.write('ports/0/bpf_tc_non_bound_accept', 'Y')
    bed.ip.addFilter(sim, BYTECODE)
    expect(sim.tc.filters('ingress').map(({ inHw }) => inHw)).toEqual([true])
    expect(sim.offloadedId).toBe(0)
    expect(bed.counts(simdev)).toEqual({ bound: 0, total: 0 })
  }),
)

test(
  "Test TC cBPF unbound bytecode doesn't offload...",
  selftest((bed) => {
    const { sim, simdev } = bed.tcDevice()
    const refused = failure(() => bed.ip.addFilter(sim, BYTECODE, { skipSw: true }))
    expect(refused).toMatchObject({
      errno: ERRNO.EOPNOTSUPP,
      said: 'Error: netdevsim: netdevsim configured to reject unbound programs.',
    })
    expect(bed.counts(simdev)).toEqual({ bound: 0, total: 0 })
  }),
)

test(
  'Test non-0 chain offload...',
  selftest((bed) => {
    const { sim, simdev } = bed.tcDevice()
    const refused = failure(() => bed.ip.addFilter(sim, RET0, { ...AT_ONE, chain: 1, skipSw: true }))
    expect(refused).toMatchObject({ errno: ERRNO.EOPNOTSUPP, said: 'Error: Driver supports only offload of chain 0.' })
    expect(bed.counts(simdev)).toEqual({ bound: 0, total: 0 })
  }),
)

test(
  'Test TC replace...',
  selftest((bed) => {
    const { sim, simdev } = bed.tcDevice()
    for (const flags of FLAGS) {
      const first = bed.ip.addFilter(sim, RET0, { ...AT_ONE, ...flags })
      const second = bed.ip.replaceFilter(sim, RET0, { ...AT_ONE, ...flags })
      expect(second.program.id).toBeGreaterThan(first.program.id)
      expect(sim.tc.filters('ingress').map(({ program, inHw }) => [program.id, inHw])).toEqual([
        [second.program.id, flags.skipSw === true],
      ])
      expect(bed.counts(simdev)).toEqual({ bound: flags.skipSw ? 1 : 0, total: 1 })
      deleteAtOne(sim)
      expect(bed.counts(simdev)).toEqual({ bound: 0, total: 0 })
    }
  }),
)

test(
  'Test TC replace bad flags...',
  selftest((bed) => {
    const { sim } = bed.tcDevice()
    for (let round = 0; round < 3; round++) {
      for (const [place, flags] of FLAGS.entries()) {
        const replace = (): unknown => bed.ip.replaceFilter(sim, RET0, { ...AT_ONE, ...flags })
        if (place === 0) replace()
        else
          expect(failure(replace)).toMatchObject({ errno: ERRNO.EINVAL, said: 'RTNETLINK answers: Invalid argument' })
        expect(sim.tc.filters('ingress').map(({ skipSw, skipHw }) => [skipSw, skipHw])).toEqual([[false, false]])
      }
      deleteAtOne(sim)
    }
  }),
)

test(
  'Test spurious extack from the driver...',
  selftest((bed) => {
    // What drivers say of filters that may stay in software goes nowhere: no command below fails, and none could warn.
    const { sim } = bed.tcDevice()
    for (const hwTcOffload of [true, false]) {
      sim.tc.setHwTcOffload(hwTcOffload)
      for (const skipHw of [false, true]) {
        expect(bed.ip.addFilter(sim, RET0, { ...AT_ONE, skipHw }).inHw).toBe(false)
        expect(bed.ip.replaceFilter(sim, RET0, { ...AT_ONE, skipHw }).inHw).toBe(false)
        deleteAtOne(sim)
        expect(sim.tc.filters('ingress')).toEqual([])
      }
    }
  }),
)

test(
  'Test TC offloads failure...',
  selftest((bed) => {
    const { sim, simdev, dfs } = bed.tcDevice()
    dfs.write('bpf_bind_verifier_accept', 0)
    const refused = failure(() => bed.ip.addFilter(sim, RET0, { skipSw: true }))
    expect(refused.errno).toBe(ERRNO.EOPNOTSUPP)
    expect(refused.log.split('\n')).toContain('[netdevsim] Hello from netdevsim!')
    expect(bed.counts(simdev)).toEqual({ bound: 0, total: 0 })
    dfs.write('bpf_bind_verifier_accept', 1)
    bed.ip.addFilter(sim, RET0, { skipSw: true })
  }),
)

/** A filter that only the card runs. */
function offloadedFilter(bed: SelftestBed): ReturnType<SelftestBed['tcDevice']> {
  const made = bed.tcDevice()
  bed.ip.addFilter(made.sim, RET0, { skipSw: true })
  return made
}

test(
  'Test TC offloads work...',
  selftest((bed) => {
    const { sim, simdev } = offloadedFilter(bed)
    expect(sim.tc.filters('ingress')).toHaveLength(1)
    expect(bed.counts(simdev)).toEqual({ bound: 1, total: 1 })
  }),
)

test(
  'Test TC offload basics...',
  selftest((bed) => {
    const { sim, simdev } = offloadedFilter(bed)
    expect(bed.counts(simdev)).toEqual({ bound: 1, total: 1 })
    expect(sim.tc.filters('ingress')).toMatchObject([{ skipHw: false, skipSw: true, inHw: true }])
  }),
)

test(
  'Test TC offload is device-bound...',
  selftest((bed) => {
    const { sim, dfs } = offloadedFilter(bed)
    const [program] = bed.programs()
    const [filter] = sim.tc.filters('ingress')
    expect(filter?.program).toMatchObject({ id: program?.id, tag: program?.tag })
    expect(dfs.list('bpf_bound_progs/0')).toEqual(['id', 'state', 'loaded'])
    expect(dfs.read('bpf_bound_progs/0/id')).toBe(String(program?.id))
    expect(dfs.read('bpf_bound_progs/0/state')).toBe('xlated')
    expect(dfs.read('bpf_bound_progs/0/loaded')).toBe('Y')
  }),
)

test(
  'Test disabling TC offloads is rejected while filters installed...',
  selftest((bed) => {
    const { sim } = offloadedFilter(bed)
    expect(failure(() => sim.tc.setHwTcOffload(false)).errno).toBe(ERRNO.EBUSY)
    expect(sim.tc.hwTcOffload).toBe(true)
  }),
)

test(
  'Test qdisc removal frees things...',
  selftest((bed) => {
    const { sim, simdev } = offloadedFilter(bed)
    flush(sim)
    expect(sim.tc.filters('ingress')).toEqual([])
    expect(sim.offloadedId).toBe(0)
    expect(bed.counts(simdev)).toEqual({ bound: 0, total: 0 })
  }),
)

test(
  'Test disabling TC offloads is OK without filters...',
  selftest((bed) => {
    const { sim } = offloadedFilter(bed)
    flush(sim)
    sim.tc.setHwTcOffload(false)
    expect(sim.tc.hwTcOffload).toBe(false)
    sim.tc.setHwTcOffload(true)
  }),
)

test(
  'Test destroying device gets rid of TC filters...',
  selftest((bed) => {
    const { simdev } = offloadedFilter(bed)
    simdev.remove()
    expect(bed.counts(simdev)).toEqual({ bound: 0, total: 0 })
    expect(bed.kernel.programs).toEqual([])
  }),
)

test(
  'Test mixing of TC and XDP...',
  selftest((bed) => {
    const { sim, simdev } = bed.tcDevice()
    bed.offload(sim, RET0)
    const filterBesideXdp = failure(() => bed.ip.addFilter(sim, RET0, { skipSw: true }))
    expect(filterBesideXdp).toMatchObject({
      errno: ERRNO.EBUSY,
      said: 'Error: netdevsim: driver and netdev offload states mismatch.',
    })
    bed.ip.unsetXdp(sim, { word: 'xdpoffload' })
    expect(bed.counts(simdev)).toEqual({ bound: 0, total: 0 })
    bed.ip.addFilter(sim, RET0, { skipSw: true })
    const xdpBesideFilter = failure(() => bed.offload(sim, RET0))
    expect(xdpBesideFilter).toMatchObject({
      errno: ERRNO.EBUSY,
      said: 'Error: netdevsim: TC program is already loaded.',
    })
    expect(bed.counts(simdev)).toEqual({ bound: 1, total: 1 })
  }),
)

test(
  'Test binding TC from pinned...',
  selftest((bed) => {
    const { sim, simdev } = offloadedFilter(bed)
    const pinned = bed.pinProgram()
    flush(sim)
    expect(bed.counts(simdev)).toEqual({ bound: 1, total: 1 })
    const filter = bed.ip.addFilter(sim, pinned, { directAction: true, skipSw: true })
    expect(filter).toMatchObject({ inHw: true, directAction: true, program: { id: pinned.pinned.id } })
    flush(sim)
    expect(bed.counts(simdev)).toEqual({ bound: 1, total: 1 })
  }),
)

test(
  'Test binding XDP from pinned...',
  selftest((bed) => {
    const { sim, simdev } = bed.tcDevice()
    bed.offload(sim, RET0)
    const pinned = bed.pinProgram()
    for (let round = 0; round < 2; round++) {
      expect(bed.offload(sim, pinned, true).prog?.id).toBe(pinned.pinned.id)
      expect(sim.offloadedId).toBe(pinned.pinned.id)
      bed.ip.unsetXdp(sim, { word: 'xdpoffload' })
      expect(xdpOf(sim)).toBeUndefined()
    }
    expect(bed.counts(simdev)).toEqual({ bound: 1, total: 1 })
  }),
)

test(
  'Test offload of wrong type fails...',
  selftest((bed) => {
    const { sim } = bed.tcDevice()
    bed.offload(sim, RET0)
    const pinned = bed.pinProgram()
    bed.ip.unsetXdp(sim, { word: 'xdpoffload' })
    const refused = failure(() => bed.ip.addFilter(sim, pinned, { directAction: true, skipSw: true }))
    expect(refused.errno).toBe(ERRNO.EINVAL)
    expect(sim.tc.filters('ingress')).toEqual([])
  }),
)

test(
  'Test asking for TC offload of two filters...',
  selftest((bed) => {
    const { sim, simdev } = bed.tcDevice()
    const options = { directAction: true, skipSw: true }
    bed.ip.addFilter(sim, RET0, options)
    const refused = failure(() => bed.ip.addFilter(sim, RET0, options))
    expect(refused).toMatchObject({
      errno: ERRNO.EBUSY,
      said: 'Error: netdevsim: driver and netdev offload states mismatch.',
    })
    expect(sim.tc.filters('ingress')).toHaveLength(1)
    expect(bed.counts(simdev)).toEqual({ bound: 1, total: 1 })
  }),
)

test(
  'Test if netdev removal waits for translation...',
  selftest((bed) => {
    const { sim, simdev, dfs } = bed.tcDevice()
    dfs.write('bpf_bind_verifier_delay', 500)
    const times = { startedMs: 0, bound: 0, endedMs: 0 }
    bed.bus.clock.at(100, () => {
      times.startedMs = bed.bus.clock.nowMs
      times.bound = simdev.boundPrograms.length
      sim.remove(() => {
        times.endedMs = bed.bus.clock.nowMs
      })
    })
    const refused = failure(() => bed.ip.addFilter(sim, RET0, { directAction: true, skipSw: true }))
    expect(refused.errno).toBe(ERRNO.ENODEV)
    expect(times).toEqual({ startedMs: 100, bound: 1, endedMs: 500 })
    expect(bed.counts(simdev)).toEqual({ bound: 0, total: 0 })
  }),
)
