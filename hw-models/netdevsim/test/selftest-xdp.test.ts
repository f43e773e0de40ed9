import type { KernelProgram } from '@bpfoundry/kernel'
import { ERRNO, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { expect, test } from 'vitest'
import { loadForDevice, type NetdevsimPort, type XdpWord } from '../src/index.ts'
import { RET0 } from './sample-objects.ts'
import { failure, type SelftestBed, selftest, xdpOf } from './selftest-bed.ts'

/** tools/testing/selftests/net/bpf_offload.py of Linux 6.12, title by title: XDP. */

const ALREADY = 'Error: XDP program already attached.'

/** `bpftool prog load OBJECT FILE [dev X]`: the pin is the only one who holds it. */
function load(bed: SelftestBed, sim?: NetdevsimPort): { pinned: KernelProgram; file: string } {
  const place = sim === undefined ? {} : { ifindex: sim.ifindex }
  const objects = loadForDevice(bed.kernel, RET0.object, { type: PROG_TYPE.XDP, ...place })
  const pinned = objects.programs.get('func') as KernelProgram
  pinned.hold()
  objects.close()
  return { pinned, file: 'pin' }
}

test(
  'Test destruction of generic XDP...',
  selftest((bed) => {
    const { simdev, sim } = bed.device()
    bed.ip.setXdp(sim, RET0, { word: 'xdpgeneric' })
    expect(bed.loaded()).toBe(1)
    simdev.remove()
    expect(bed.kernel.programs).toEqual([])
  }),
)

test(
  'Test destroying device gets rid of XDP...',
  selftest((bed) => {
    const { simdev, sim } = bed.device(true)
    bed.offload(sim, RET0)
    expect(bed.counts(simdev)).toEqual({ bound: 1, total: 1 })
    simdev.remove()
    expect(bed.counts(simdev)).toEqual({ bound: 0, total: 0 })
  }),
)

test(
  'Test XDP prog reporting...',
  selftest((bed) => {
    const { sim } = bed.device(true)
    bed.ip.setXdp(sim, RET0, { word: 'xdpdrv' })
    expect(xdpOf(sim)).toMatchObject({ mode: 1, prog: { id: bed.programs()[0]?.id } })
  }),
)

test(
  'Test XDP prog replace without force...',
  selftest((bed) => {
    const { simdev, sim } = bed.device(true)
    bed.ip.setXdp(sim, RET0, { word: 'xdpdrv' })
    const refused = failure(() => bed.ip.setXdp(sim, RET0, { word: 'xdpdrv' }))
    expect(refused).toMatchObject({ errno: ERRNO.EBUSY, said: ALREADY })
    expect(bed.counts(simdev)).toEqual({ bound: 0, total: 1 })
  }),
)

test(
  'Test XDP prog replace with force...',
  selftest((bed) => {
    const { sim } = bed.device(true)
    bed.ip.setXdp(sim, RET0, { word: 'xdpdrv' })
    const first = xdpOf(sim)?.prog?.id
    bed.ip.setXdp(sim, RET0, { word: 'xdpdrv', force: true })
    const programs = bed.programs()
    expect(programs).toHaveLength(1)
    expect(programs[0]?.id).not.toBe(first)
    expect(xdpOf(sim)?.prog?.id).toBe(programs[0]?.id)
    expect(programs[0]).not.toHaveProperty('dev')
  }),
)

test(
  'Test XDP prog replace with bad flags...',
  selftest((bed) => {
    const { sim } = bed.device(true)
    bed.ip.setXdp(sim, RET0, { word: 'xdpdrv' })
    const refused = failure(() => bed.ip.setXdp(sim, RET0, { word: 'xdpgeneric', force: true }))
    expect(refused).toMatchObject({
      errno: ERRNO.EEXIST,
      said: "Error: Native and generic XDP can't be active at the same time.",
    })
  }),
)

test(
  'Test MTU restrictions...',
  selftest((bed) => {
    const { simdev, sim } = bed.device(true)
    bed.ip.setXdp(sim, RET0, { word: 'xdpdrv' })
    expect(failure(() => sim.setMtu(9000)).errno).toBe(ERRNO.EBUSY)
    bed.ip.unsetXdp(sim, { word: 'xdpdrv' })
    expect(bed.counts(simdev)).toEqual({ bound: 0, total: 0 })
    sim.setMtu(9000)
    const refused = failure(() => bed.ip.setXdp(sim, RET0, { word: 'xdpdrv' }))
    expect(refused).toMatchObject({
      errno: ERRNO.EINVAL,
      said: 'Error: netdevsim: MTU too large w/ XDP enabled.',
    })
    sim.setMtu(1500)
    expect(sim.mtu).toBe(1500)
    expect(bed.counts(simdev)).toEqual({ bound: 0, total: 0 })
  }),
)

test(
  'Test non-offload XDP attaching to HW...',
  selftest((bed) => {
    const { simdev, sim } = bed.device(true)
    const pinned = load(bed)
    const refused = failure(() => bed.offload(sim, pinned))
    expect(refused).toMatchObject({
      errno: ERRNO.EINVAL,
      said: 'Error: netdevsim: xdpoffload of non-bound program.',
    })
    pinned.pinned.drop()
    expect(bed.counts(simdev)).toEqual({ bound: 0, total: 0 })
  }),
)

test(
  'Test offload XDP attaching to drv...',
  selftest((bed) => {
    const { simdev, sim } = bed.device(true)
    const pinned = load(bed, sim)
    const refused = failure(() => bed.ip.setXdp(sim, pinned, { word: 'xdpdrv' }))
    expect(refused).toMatchObject({
      errno: ERRNO.EINVAL,
      said: 'Error: Using offloaded program without HW_MODE flag is not supported.',
    })
    expect(bed.counts(simdev)).toEqual({ bound: 1, total: 1 })
    pinned.pinned.drop()
    expect(bed.counts(simdev)).toEqual({ bound: 0, total: 0 })
  }),
)

test(
  'Test XDP load failure...',
  selftest((bed) => {
    const { simdev, sim, dfs } = bed.device(true)
    dfs.write('ports/0/dev/bpf_bind_verifier_accept', 0)
    const refused = failure(() => load(bed, sim))
    expect(refused.errno).toBe(ERRNO.EOPNOTSUPP)
    expect(refused.log.split('\n')).toContain('[netdevsim] Hello from netdevsim!')
    expect(bed.counts(simdev)).toEqual({ bound: 0, total: 0 })
  }),
)

test(
  'Test XDP offload...',
  selftest((bed) => {
    const { sim } = bed.device(true)
    const xdp = bed.offload(sim, RET0)
    const programs = bed.programs()
    expect(programs).toHaveLength(1)
    expect(xdp).toMatchObject({ mode: 3, prog: { id: programs[0]?.id } })
  }),
)

test(
  'Test XDP offload is device bound...',
  selftest((bed) => {
    const { sim, dfs } = bed.device(true)
    const { prog } = bed.offload(sim, RET0)
    expect(bed.programs()[0]).toMatchObject({ id: prog?.id, tag: prog?.tag, dev: { ifname: sim.name } })
    expect(dfs.read('bpf_bound_progs/0/id')).toBe(String(prog?.id))
    expect(dfs.read('bpf_bound_progs/0/state')).toBe('xlated')
    expect(dfs.read('bpf_bound_progs/0/loaded')).toBe('Y')
  }),
)

test(
  'Test removing XDP program many times...',
  selftest((bed) => {
    const { simdev, sim } = bed.device(true)
    bed.offload(sim, RET0)
    const words: readonly XdpWord[] = ['xdpoffload', 'xdpoffload', 'xdpdrv', 'xdpdrv', 'xdp', 'xdp']
    for (const word of words) bed.ip.unsetXdp(sim, { word })
    expect(xdpOf(sim)).toBeUndefined()
    expect(bed.counts(simdev)).toEqual({ bound: 0, total: 0 })
  }),
)

test(
  'Test attempt to use a program for a wrong device...',
  selftest((bed) => {
    const { sim } = bed.device(true)
    const { simdev: simdev2, sim: sim2 } = bed.device()
    bed.offload(sim2, RET0)
    const pinned = bed.pinProgram()
    const said = 'Error: Program bound to different device.'
    expect(failure(() => bed.offload(sim, pinned))).toMatchObject({ errno: ERRNO.EINVAL, said })
    simdev2.remove()
    expect(failure(() => bed.offload(sim, pinned))).toMatchObject({ errno: ERRNO.EINVAL, said })
    expect(bed.loaded()).toBe(0)
    pinned.pinned.drop()
    expect(bed.kernel.programs).toEqual([])
  }),
)
