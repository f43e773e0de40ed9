import { type Btf, BtfBuilder, BtfError, JoinedBtf } from '@bpfoundry/btf'
import { ERRNO } from '@bpfoundry/kernel-abi'
import type { KernelBtf, KernelModule } from '@bpfoundry/verifier'
import { KernelError } from './kernel-error.ts'

/** A module to bring into the kernel: no code, but what programs are judged by. */
export interface ModuleRequest extends Omit<KernelModule, 'index'> {
  /** Complete by itself; which of the types are the kernel's is told by name. @see JoinedBtf */
  readonly btf: Btf
}

/** A module in the kernel. */
export interface InsertedModule {
  readonly name: string
  /** Of its types: what a program's `fdArray` holds, for calls of the module's functions. */
  readonly fd: number
  /** Takes it out of the kernel. Programs that call it stay, as they don't run. */
  remove(): void
}

interface Place {
  readonly request: ModuleRequest
  readonly fd: number
}

/** The modules of a kernel, and the kernel's types with theirs. */
export class KernelModules {
  readonly #kernel: KernelBtf | undefined
  /** By index; one that was removed leaves its place empty, so that the others keep their ids. */
  #places: (Place | undefined)[] = []
  #btf: KernelBtf | undefined

  constructor(kernel: KernelBtf | undefined) {
    this.#kernel = kernel
    this.#btf = kernel
  }

  /** The types of the kernel and of all modules. */
  get btf(): KernelBtf | undefined {
    return this.#btf
  }

  /** By the fd of their types. */
  get byFd(): ReadonlyMap<number, KernelModule> {
    const modules = this.#places.flatMap((place, index): [number, KernelModule][] =>
      place === undefined ? [] : [[place.fd, { ...place.request, index }]],
    )
    return new Map(modules)
  }

  /** @throws KernelError KERNEL_MODULE with ENOENT, EEXIST or EINVAL */
  insert(request: ModuleRequest, fd: number): InsertedModule {
    const { name } = request
    if (this.#kernel === undefined) throw refused(name, ERRNO.ENOENT, "the kernel's types are not given (kernelBtf)")
    if (this.#places.some((place) => place?.request.name === name)) throw refused(name, ERRNO.EEXIST, 'it is there')
    const places = [...this.#places, { request, fd }]
    this.#btf = joined(this.#kernel, places, name)
    this.#places = places
    return { name, fd, remove: () => this.#remove(fd) }
  }

  #remove(fd: number): void {
    this.#places = this.#places.map((place) => (place?.fd === fd ? undefined : place))
    while (this.#places.length > 0 && this.#places.at(-1) === undefined) this.#places.pop()
    if (this.#kernel !== undefined) this.#btf = joined(this.#kernel, this.#places, '')
  }
}

function joined(kernel: KernelBtf, places: readonly (Place | undefined)[], name: string): KernelBtf {
  if (places.length === 0) return kernel
  try {
    return new JoinedBtf(
      kernel,
      places.map((place) => place?.request.btf ?? new BtfBuilder().build()),
    )
  } catch (error) {
    if (!(error instanceof BtfError)) throw error
    throw refused(name, ERRNO.EINVAL, error.message, error)
  }
}

function refused(name: string, errno: number, why: string, cause?: BtfError): KernelError {
  return new KernelError(errno, {
    code: 'KERNEL_MODULE',
    message: `module ${name} is refused: ${why}`,
    ...(cause === undefined ? {} : { cause }),
    ...(cause?.hint === undefined ? {} : { hint: cause.hint }),
  })
}
