import type { ProgramImage } from '@bpfoundry/engine'
import { ERRNO, MAP_TYPE } from '@bpfoundry/kernel-abi'
import { KernelError } from './kernel-error.ts'
import type { KernelMap } from './kernel-map.ts'

/** Maps whose entries may have XDP programs. */
const WITH_PROGRAMS: ReadonlySet<number> = new Set([MAP_TYPE.DEVMAP, MAP_TYPE.CPUMAP])

/**
 * What XDP programs have to do with a devmap or cpumap, as their users or in their entries: all of them must know packets
 * over several buffers, or none. The first one decides.
 *
 * @see bpf_prog_map_compatible in kernel/bpf/core.c (6.12)
 */
export class MapOwners {
  /** By map id, whether its programs have BPF_F_XDP_HAS_FRAGS. */
  readonly #frags = new Map<number, boolean>()

  /** Whether the program fits the others of the map. */
  admits(mapId: number, { hasFrags = false }: ProgramImage): boolean {
    const owner = this.#frags.get(mapId)
    if (owner === undefined) this.#frags.set(mapId, hasFrags)
    return owner === undefined || owner === hasFrags
  }

  /** @throws KernelError EINVAL for a program that uses a map of others */
  checkUsed(image: ProgramImage, maps: readonly KernelMap[]): void {
    const refused = maps.find(({ id, attributes }) => WITH_PROGRAMS.has(attributes.type) && !this.admits(id, image))
    if (refused === undefined) return
    throw new KernelError(ERRNO.EINVAL, {
      code: 'KERNEL_MAP_OWNER',
      message: `program ${image.name} does not fit the other programs of map ${refused.name} (EINVAL)`,
      where: { program: image.name, map: refused.name },
      got: image.hasFrags === true ? 'with frags support' : 'without frags support',
      expected: 'as the first program that used the map, or was put into it',
      hint: 'name all of them SEC("xdp.frags..."), or none',
    })
  }

  forget(mapId: number): void {
    this.#frags.delete(mapId)
  }
}
