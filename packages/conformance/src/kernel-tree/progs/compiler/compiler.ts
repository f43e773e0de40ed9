import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { ConformanceError } from '../../../conformance-error.ts'
import type { KernelTree } from '../../kernel-tree.ts'
import { KERNEL_INTEGERS } from '../kernel-integers.ts'
import { clangError } from './clang-error.ts'
import { type Clang, findClang } from './find-clang.ts'
import { helperHeader, vmlinuxHeader } from './generated-headers.ts'
import { defaultCacheFolder, hashHeaders, hashTexts, ObjectCache } from './object-cache.ts'

export interface CompilerOptions {
  /** A clang; the newest on the PATH by default. */
  readonly clang?: string
  /** A vmlinux.h; made of the running kernel's types by default. */
  readonly vmlinuxHeader?: string
  /** -mcpu: `v3` by default, as the kernel's Makefile has it for its first kind of objects. */
  readonly cpu?: 'v2' | 'v3' | 'v4'
  /** __TARGET_ARCH_*: `x86` by default. */
  readonly architecture?: string
  /** Where objects are kept; below the user's cache folder by default, nowhere for `false`. */
  readonly cacheFolder?: string | false
}

const SELFTESTS = 'tools/testing/selftests/bpf'

/** Headers of libbpf that programs include as <bpf/...>. */
const LIBBPF = 'tools/lib/bpf'

/** What stands in for vmlinux.h where there is none: enough for programs that use nothing of the kernel's own types. */
const REDUCED_VMLINUX = `#pragma once
#include <linux/types.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>
#include <stddef.h>
${KERNEL_INTEGERS}`

const TIMEOUT_MS = 60_000

/** What a kernel's build makes, and no tree has. */
interface GeneratedHeaders {
  readonly helpers: string
  readonly vmlinux: string
  /** Of these and all of the tree that programs include. */
  readonly hash: string
  /** vmlinux.h stands in for a real one. */
  readonly isReduced: boolean
}

/** Makes the objects of a kernel tree's test programs with clang, with the flags of the tree's Makefile. */
export class Compiler {
  readonly clang: Clang
  readonly #tree: KernelTree
  readonly #options: CompilerOptions
  readonly #cache: ObjectCache | undefined
  #headers: GeneratedHeaders | undefined

  private constructor(clang: Clang, tree: KernelTree, options: CompilerOptions) {
    this.clang = clang
    this.#tree = tree
    this.#options = options
    const { cacheFolder = defaultCacheFolder() } = options
    this.#cache = cacheFolder === false ? undefined : new ObjectCache(cacheFolder)
  }

  /** Nothing is run but clang's own questions; what is missing is told in a line. */
  static find(tree: KernelTree, options: CompilerOptions = {}): Compiler | { readonly missing: string } {
    const clang = findClang(options.clang)
    return 'missing' in clang ? clang : new Compiler(clang, tree, options)
  }

  /**
   * The object of a source file of the tree.
   *
   * @throws ConformanceError CONFORMANCE_SOURCE with clang's first error and its place; CONFORMANCE_NO_SUCH_FILE
   */
  compile(file: string): Uint8Array {
    const source = this.#tree.read(file)
    if (source === undefined) {
      const message = `no such file in the kernel tree: ${file}`
      throw new ConformanceError({ code: 'CONFORMANCE_NO_SUCH_FILE', message, where: { input: this.#tree.folder } })
    }
    const key = hashTexts([this.clang.version, ...this.#flags(), this.#generated().hash, file, source])
    const known = this.#cache?.read(key)
    if (known !== undefined) return known
    const bytes = this.#run(file)
    this.#cache?.write(key, bytes)
    return bytes
  }

  #run(file: string): Uint8Array {
    const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-clang-'))
    try {
      this.#writeHeaders(folder)
      const object = join(folder, `${basename(file, '.c')}.o`)
      const parameters = [
        ...this.#flags(),
        ...this.#includes(folder),
        '-c',
        join(this.#tree.folder, file),
        '-o',
        object,
      ]
      const { status, stderr, error } = spawnSync(this.clang.command, parameters, {
        encoding: 'utf8',
        timeout: TIMEOUT_MS,
      })
      if (status !== 0) {
        const { isReduced } = this.#generated()
        throw clangError({ treeFolder: this.#tree.folder, file, output: error?.message ?? stderr, isReduced })
      }
      return new Uint8Array(readFileSync(object))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }

  /** @see BPF_CFLAGS of tools/testing/selftests/bpf/Makefile */
  #flags(): string[] {
    const { cpu = 'v3', architecture = 'x86' } = this.#options
    return [
      ...['-g', '-O2', '--target=bpf', `-mcpu=${cpu}`, '-mlittle-endian', '-std=gnu11', '-fno-strict-aliasing'],
      ...[`-D__TARGET_ARCH_${architecture}`, '-DENABLE_ATOMICS_TESTS', '-DBPF_NO_KFUNC_PROTOTYPES'],
      ...['-Wno-compare-distinct-pointer-types', '-Wno-int-conversion', '-fno-color-diagnostics', '-ferror-limit=1'],
    ]
  }

  #includes(folder: string): string[] {
    const own = [folder, join(this.#tree.folder, SELFTESTS), join(this.#tree.folder, 'tools/include/uapi')]
    return [...own.map((path) => `-I${path}`), ...this.clang.systemFolders.flatMap((path) => ['-idirafter', path])]
  }

  #writeHeaders(folder: string): void {
    const { helpers, vmlinux } = this.#generated()
    mkdirSync(join(folder, 'bpf'))
    for (const path of this.#tree.list(LIBBPF, '.h')) {
      writeFileSync(join(folder, 'bpf', basename(path)), this.#tree.read(path) ?? '')
    }
    writeFileSync(join(folder, 'bpf', 'bpf_helper_defs.h'), helpers)
    writeFileSync(join(folder, 'vmlinux.h'), vmlinux)
  }

  #generated(): GeneratedHeaders {
    if (this.#headers !== undefined) return this.#headers
    const helpers = helperHeader(this.#tree)
    const types = vmlinuxHeader(this.#options.vmlinuxHeader)
    const vmlinux = types ?? REDUCED_VMLINUX
    const hash = hashTexts([helpers, vmlinux, hashHeaders(this.#tree)])
    this.#headers = { helpers, vmlinux, hash, isReduced: types === undefined }
    return this.#headers
  }
}
