/**
 * BPF_MAP_TYPE_XSKMAP: AF_XDP sockets as targets of XDP_REDIRECT. A slot holds the guest address of a socket's block.
 *
 * @see net/xdp/xskmap.c, Documentation/networking/af_xdp.rst
 */
import { BPF_EXIST, BPF_NOEXIST, ERRNO, type MapAttributes } from '@bpfoundry/kernel-abi'
import { readWord } from './guest-bytes.ts'
import type { MapPlace } from './map-place.ts'
import { planTargets, TargetSlots } from './target-slots.ts'

export class XskMap extends TargetSlots {
  static sizeBytes(attributes: MapAttributes): number {
    return planTargets(attributes).sizeBytes
  }

  constructor(place: MapPlace) {
    super(place, planTargets(place.attributes))
  }

  /** Programs get the socket itself, whose queue they may read. */
  override targetAddress(index: number): number {
    return this.target(index)
  }

  /** The map does not tell its sockets to system calls (EOPNOTSUPP). */
  protected override sysLookup(): number {
    return 0
  }

  protected sysUpdate(key: number, value: number, flags: number): number {
    const index = readWord(this.memory, key)
    if (flags > BPF_EXIST) return -ERRNO.EINVAL
    if (index >= this.maxEntries) return -ERRNO.E2BIG
    const socket = this.#socket(readWord(this.memory, value))
    if (socket < 0) return socket
    const old = this.target(index)
    if (old === socket) return 0
    if (old !== 0 && flags === BPF_NOEXIST) return -ERRNO.EEXIST
    if (old === 0 && flags === BPF_EXIST) return -ERRNO.ENOENT
    this.set(index, socket, 0)
    return 0
  }

  #socket(fd: number): number {
    const { references } = this.place
    return references === undefined ? fd : (references.socket?.(fd) ?? -ERRNO.EBADF)
  }
}
