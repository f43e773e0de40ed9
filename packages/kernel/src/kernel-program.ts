import type { ProgramImage, Translation } from '@bpfoundry/engine'
import type { LoadedProgram } from '@bpfoundry/loader'
import type { SlotCounts, Verified, VerifierStats } from '@bpfoundry/verifier'
import type { KernelMap } from './kernel-map.ts'
import type { BoundProgram } from './offload/bound-program.ts'
import { References } from './references.ts'

/** A device that a program is bound to: `struct bpf_offload_dev` as far as loading goes. */
export interface BoundDevice {
  readonly ifindex: number
  readonly name: string
}

/** A live program: verified, fixed up, ready to attach or to test-run. */
export class KernelProgram implements LoadedProgram {
  readonly id: number
  readonly fd: number
  /** What the kernel's engine made of the image; workers with the same engine install it. */
  readonly translation: Translation
  readonly maps: readonly KernelMap[]
  readonly verified: Verified
  readonly stats: VerifierStats
  readonly slotCounts: SlotCounts
  readonly log: string
  /** Set when it was loaded for a device: it can't run on the host. */
  readonly boundDevice?: BoundDevice
  /** Set when it was loaded by the index of a device, which may go while the program stays. */
  readonly bound?: BoundProgram
  readonly #closeFd: (program: KernelProgram) => void
  readonly #references: References
  #closed = false

  constructor(fields: {
    readonly fd: number
    readonly translation: Translation
    readonly maps: readonly KernelMap[]
    readonly verified: Verified
    readonly stats: VerifierStats
    readonly slotCounts: SlotCounts
    readonly log: string
    readonly boundDevice?: BoundDevice
    readonly bound?: BoundProgram
    readonly closeFd: (program: KernelProgram) => void
    readonly free: (program: KernelProgram) => void
  }) {
    this.id = fields.translation.image.id
    this.fd = fields.fd
    this.translation = fields.translation
    this.maps = fields.maps
    this.verified = fields.verified
    this.stats = fields.stats
    this.slotCounts = fields.slotCounts
    this.log = fields.log
    if (fields.boundDevice !== undefined) this.boundDevice = fields.boundDevice
    if (fields.bound !== undefined) this.bound = fields.bound
    this.#closeFd = fields.closeFd
    for (const map of fields.maps) map.hold()
    this.#references = new References(() => {
      fields.free(this)
      for (const map of fields.maps) map.drop()
    })
  }

  get image(): ProgramImage {
    return this.translation.image
  }

  get name(): string {
    return this.image.name
  }

  get tag(): string {
    return this.image.tag
  }

  /** Whether it runs on a device and not on the host. */
  get offloaded(): boolean {
    return this.bound?.offloaded ?? this.boundDevice !== undefined
  }

  /** Whether the device that it was loaded for is gone. */
  get orphaned(): boolean {
    return this.bound !== undefined && this.bound.netdev === undefined
  }

  /** What it is attached to or pinned at holds it beyond its fd. */
  hold(): void {
    this.#references.hold()
  }

  /** The counterpart of {@link hold}: the last one frees the program. */
  drop(): void {
    this.#references.drop()
  }

  /** Gives the fd back, and frees the program unless it is held. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#closeFd(this)
    this.#references.drop()
  }
}
