import type { IpLinkXdpJson } from '@bpfoundry/device'
import { ERRNO } from '@bpfoundry/kernel-abi'
import { describe, expect, test } from 'vitest'
import type { Debugfs, NetdevsimDevice, NetdevsimPort, XdpWord } from '../src/index.ts'
import { RET0 } from './sample-objects.ts'
import { failure, type SelftestBed, selftest, xdpOf } from './selftest-bed.ts'

/** tools/testing/selftests/net/bpf_offload.py of Linux 6.12, title by title: a program in hardware beside another. */

/** The mode's name in the title, its word for ip, and the number that ip -j shows for it. */
const MODES: readonly (readonly [title: string, word: XdpWord, number: number])[] = [
  ['default', 'xdp', 1],
  ['drv', 'xdpdrv', 1],
  ['generic', 'xdpgeneric', 2],
]

interface Multi {
  readonly simdev: NetdevsimDevice
  readonly sim: NetdevsimPort
  readonly dfs: Debugfs
  /** With the program in hardware alone, and with both. */
  readonly one: IpLinkXdpJson
  readonly two: IpLinkXdpJson
}

function both(bed: SelftestBed, word: XdpWord): Multi {
  const made = bed.device(true)
  const one = bed.offload(made.sim, RET0)
  bed.ip.setXdp(made.sim, RET0, { word })
  return { ...made, one, two: xdpOf(made.sim) as IpLinkXdpJson }
}

function expectMulti(xdp: IpLinkXdpJson): void {
  expect(xdp.mode).toBe(4)
  expect(xdp).not.toHaveProperty('prog')
  expect(new Set(xdp.attached.map(({ prog }) => prog.id)).size).toBe(2)
}

describe.each(MODES)('%s', (title, word, number) => {
  test(
    `Test multi-attachment XDP - ${title} + offload...`,
    selftest((bed) => {
      const { sim, dfs, one, two } = both(bed, word)
      expect(one.prog).toBeDefined()
      expect(one.attached).toHaveLength(1)
      expect(two.attached).toContainEqual(one.attached[0])
      expectMulti(two)
      expect(dfs.read('ports/0/bpf_offloaded_id')).toBe(String(one.prog?.id))
      expect(sim.offloadedId).toBe(one.prog?.id)
    }),
  )

  test(
    'Test multi-attachment XDP - replace...',
    selftest((bed) => {
      const { sim, two } = both(bed, word)
      const refused = failure(() => bed.offload(sim, RET0))
      expect(refused).toMatchObject({ errno: ERRNO.EBUSY, said: 'Error: XDP program already attached.' })
      expect(xdpOf(sim)).toEqual(two)
      expect(bed.loaded()).toBe(2)
    }),
  )

  test(
    'Test multi-attachment XDP - remove without mode...',
    selftest((bed) => {
      const { sim, two } = both(bed, word)
      const refused = failure(() => bed.ip.unsetXdp(sim, { force: true }))
      expect(refused).toMatchObject({
        errno: ERRNO.EINVAL,
        said: 'Error: More than one program loaded, unset mode is ambiguous.',
      })
      bed.ip.unsetXdp(sim, { word: 'xdpoffload' })
      const left = xdpOf(sim) as IpLinkXdpJson
      expect(left.mode).toBe(number)
      expect(left.prog).toBeDefined()
      expect(left.attached).toHaveLength(1)
      expect(two.attached).toContainEqual(left.attached[0])
      expect(sim.offloadedId).toBe(0)
    }),
  )

  test(
    'Test multi-attachment XDP - reattach...',
    selftest((bed) => {
      const { sim } = both(bed, word)
      bed.ip.unsetXdp(sim, { word: 'xdpoffload' })
      const left = xdpOf(sim) as IpLinkXdpJson
      const again = bed.offload(sim, RET0)
      expect(again.attached).toContainEqual(left.attached[0])
      expectMulti(again)
    }),
  )

  test(
    'Test multi-attachment XDP - device remove...',
    selftest((bed) => {
      const { simdev } = both(bed, word)
      expect(bed.counts(simdev)).toEqual({ bound: 1, total: 2 })
      simdev.remove()
      expect(bed.kernel.programs).toEqual([])
      expect(bed.counts(simdev)).toEqual({ bound: 0, total: 0 })
      const again = bed.device(true)
      expect(xdpOf(again.sim)).toBeUndefined()
    }),
  )
})
