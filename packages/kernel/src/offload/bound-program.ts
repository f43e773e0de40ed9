import { ERRNO } from '@bpfoundry/kernel-abi'
import type { DeviceHooks, DeviceRefusal } from '@bpfoundry/verifier'
import type { DeviceLoad, UsedMap } from './offload-driver.ts'
import type { BoundObject, OffloadNetdev } from './offload-netdev.ts'

/** A program bound to a device: `struct bpf_prog_offload`. */
export class BoundProgram implements BoundObject {
  /** Translated for the device; false for BPF_F_XDP_DEV_BOUND_ONLY, which runs on the host. */
  readonly offloaded: boolean
  readonly #load: DeviceLoad | undefined
  #netdev: OffloadNetdev | undefined
  #prepared = false

  constructor(netdev: OffloadNetdev, load: DeviceLoad | undefined) {
    this.#netdev = netdev
    this.#load = load
    this.offloaded = load !== undefined
    netdev.programs.add(this)
  }

  /** The device; undefined once it is gone and the program an orphan. */
  get netdev(): OffloadNetdev | undefined {
    return this.#netdev
  }

  move(netdev: OffloadNetdev): void {
    this.#netdev?.programs.delete(this)
    this.#netdev = netdev
    netdev.programs.add(this)
  }

  /** The program is freed, or its device goes. */
  destroy(): void {
    if (this.#netdev === undefined) return
    this.#netdev.programs.delete(this)
    this.#netdev = undefined
    if (this.#prepared) this.#load?.destroyed?.()
  }

  /**
   * The device's hooks for the verifier. While one runs the device can't go away; once it is gone they answer ENODEV.
   *
   * @param during runs a hook with the list of devices locked
   */
  hooks(during: <T>(hook: () => T) => T): DeviceHooks | undefined {
    if (this.#load === undefined) return undefined
    const { hooks } = this.#load
    const asked = (hook: () => DeviceRefusal | undefined): DeviceRefusal | undefined =>
      during(() => (this.#netdev === undefined ? NO_DEVICE : hook()))
    return {
      prefix: hooks.prefix,
      prepare: () =>
        asked(() => {
          const refusal = hooks.prepare?.()
          this.#prepared = refusal === undefined
          return refusal
        }),
      insn: (...at) => asked(() => hooks.insn(...at)),
      finalize: (...found) => asked(() => hooks.finalize(...found)),
    }
  }

  /** Length of what the device made of it. */
  get translatedBytes(): number {
    return this.#load?.translatedBytes?.() ?? 0
  }

  /** ops->translate. Answers false when the device went away meanwhile: ENODEV. @throws what the device throws */
  accepted(id: number, maps: readonly UsedMap[]): boolean {
    if (this.#netdev === undefined) return false
    this.#load?.accepted?.(id, maps)
    return true
  }
}

const NO_DEVICE: DeviceRefusal = { errno: ERRNO.ENODEV, message: '' }
