import { BPF_EXIST, ERRNO } from '@bpfoundry/kernel-abi'
import type { DeviceMap } from './offload-driver.ts'
import type { BoundObject, OffloadNetdev } from './offload-netdev.ts'

/** A map that lives on a device: `struct bpf_offloaded_map`. Answers -ENODEV once the device is gone. */
export class OffloadedMap implements BoundObject {
  readonly #device: DeviceMap
  #netdev: OffloadNetdev | undefined

  constructor(netdev: OffloadNetdev, device: DeviceMap) {
    this.#netdev = netdev
    this.#device = device
    netdev.maps.add(this)
  }

  get netdev(): OffloadNetdev | undefined {
    return this.#netdev
  }

  move(netdev: OffloadNetdev): void {
    this.#netdev?.maps.delete(this)
    this.#netdev = netdev
    netdev.maps.add(this)
  }

  destroy(): void {
    if (this.#netdev === undefined) return
    this.#netdev.maps.delete(this)
    this.#netdev = undefined
    this.#device.free()
  }

  placed(...where: Parameters<NonNullable<DeviceMap['placed']>>): void {
    this.#device.placed?.(...where)
  }

  lookup(key: Uint8Array): Uint8Array | number {
    return this.#netdev === undefined ? -ERRNO.ENODEV : this.#device.lookup(key)
  }

  update(key: Uint8Array, value: Uint8Array, flags: number): number {
    if (flags > BPF_EXIST) return -ERRNO.EINVAL
    return this.#netdev === undefined ? -ERRNO.ENODEV : this.#device.update(key, value, flags)
  }

  delete(key: Uint8Array): number {
    return this.#netdev === undefined ? -ERRNO.ENODEV : this.#device.delete(key)
  }

  nextKey(key?: Uint8Array): Uint8Array | number {
    return this.#netdev === undefined ? -ERRNO.ENODEV : this.#device.nextKey(key)
  }
}
