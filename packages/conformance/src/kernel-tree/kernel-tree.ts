import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ConformanceError } from '../conformance-error.ts'

/** A kernel tree of the user's, as it is: read only, any version. Paths are relative to its top. */
export class KernelTree {
  readonly folder: string
  readonly #texts = new Map<string, string | undefined>()

  /** @throws ConformanceError CONFORMANCE_KERNEL_TREE where `folder` is none */
  constructor(folder: string) {
    this.folder = folder
    if (existsSync(join(folder, 'lib/test_bpf.c')) || existsSync(join(folder, 'tools/testing/selftests/bpf'))) return
    throw new ConformanceError({
      code: 'CONFORMANCE_KERNEL_TREE',
      message: 'no kernel tree: lib/test_bpf.c and tools/testing/selftests/bpf are missing',
      where: { input: folder },
      hint: 'give the top folder of a Linux source tree, such as that of linux-source-6.12',
    })
  }

  /** Of its Makefile: `6.12.57`; undefined where it is not unpacked. */
  get release(): string | undefined {
    const makefile = this.read('Makefile') ?? ''
    const parts = ['VERSION', 'PATCHLEVEL', 'SUBLEVEL'].map((name) => {
      return new RegExp(`^${name} *= *(\\d+)$`, 'm').exec(makefile)?.[1]
    })
    return parts[0] === undefined ? undefined : parts.filter((part) => part !== undefined).join('.')
  }

  exists(path: string): boolean {
    return existsSync(join(this.folder, path))
  }

  /** The text of a file, kept; undefined where there is none. */
  read(path: string): string | undefined {
    if (this.#texts.has(path)) return this.#texts.get(path)
    const full = join(this.folder, path)
    const text = existsSync(full) && statSync(full).isFile() ? readFileSync(full, 'utf8') : undefined
    this.#texts.set(path, text)
    return text
  }

  /** Paths of the files of a folder whose names end in `ending`, sorted; none where the folder is missing. */
  list(folder: string, ending: string): string[] {
    if (!this.exists(folder)) return []
    return readdirSync(join(this.folder, folder))
      .filter((name) => name.endsWith(ending))
      .sort()
      .map((name) => `${folder}/${name}`)
  }
}
