import type { ProgramImage, Translation } from '@bpfoundry/engine'
import type { LoadedProgram } from '@bpfoundry/loader'
import type { Verified, VerifierStats } from '@bpfoundry/verifier'
import type { KernelMap } from './kernel-map.ts'

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
  readonly log: string
  /** Set when it was loaded for a device: it can't run on the host. */
  readonly boundDevice?: BoundDevice
  readonly #release: (program: KernelProgram) => void
  #closed = false

  constructor(fields: {
    readonly fd: number
    readonly translation: Translation
    readonly maps: readonly KernelMap[]
    readonly verified: Verified
    readonly stats: VerifierStats
    readonly log: string
    readonly boundDevice?: BoundDevice
    readonly release: (program: KernelProgram) => void
  }) {
    this.id = fields.translation.image.id
    this.fd = fields.fd
    this.translation = fields.translation
    this.maps = fields.maps
    this.verified = fields.verified
    this.stats = fields.stats
    this.log = fields.log
    if (fields.boundDevice !== undefined) this.boundDevice = fields.boundDevice
    this.#release = fields.release
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

  /** Gives the fd back. It must not be attached any more. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#release(this)
  }
}
