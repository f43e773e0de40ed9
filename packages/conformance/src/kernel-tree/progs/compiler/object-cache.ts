import { createHash, type Hash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { KernelTree } from '../../kernel-tree.ts'

/** Folders of headers that a program may include, with the folders named after each. */
const HEADER_FOLDERS = [
  'tools/testing/selftests/bpf',
  'tools/testing/selftests/bpf/progs',
  'tools/testing/selftests/bpf/bpf_testmod',
  'tools/testing/selftests/bpf/test_kmods',
  'tools/lib/bpf',
  'tools/include/linux',
  'tools/include/uapi/linux',
  'tools/include/uapi/asm-generic',
] as const

/** Where objects are kept by default: the user's folder for what can be made again. */
export function defaultCacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  return join(base, 'bpfoundry', 'kernel-progs')
}

/** A hash of all headers of a tree that programs include. */
export function hashHeaders(tree: KernelTree): string {
  const hash = createHash('sha256')
  for (const folder of HEADER_FOLDERS) {
    for (const path of tree.list(folder, '.h')) addPart(hash, path, tree.read(path) ?? '')
  }
  return hash.digest('hex')
}

/** A hash of texts, each told from the next. */
export function hashTexts(texts: readonly string[]): string {
  const hash = createHash('sha256')
  for (const text of texts) addPart(hash, '', text)
  return hash.digest('hex')
}

function addPart(hash: Hash, name: string, text: string): void {
  hash.update(`${name}\0${text.length}\0`).update(text)
}

/** Objects that are kept, of some 100 KB each; a kernel tree has up to 155. */
const MOST_OBJECTS = 1000

/** Objects by the hash of all that they are made of. What can't be read or written is made again. */
export class ObjectCache {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  read(key: string): Uint8Array | undefined {
    const path = join(this.#folder, `${key}.o`)
    try {
      return existsSync(path) ? new Uint8Array(readFileSync(path)) : undefined
    } catch {
      return undefined
    }
  }

  /** In one piece or not at all: several processes may write the same. */
  write(key: string, bytes: Uint8Array): void {
    const path = join(this.#folder, `${key}.o`)
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
      writeFileSync(`${path}.${process.pid}`, bytes)
      renameSync(`${path}.${process.pid}`, path)
      this.#dropOldest()
    } catch {
      // A folder that can't be written to: no cache.
    }
  }

  /** Half of them when there are too many. */
  #dropOldest(): void {
    const paths = readdirSync(this.#folder).map((name) => join(this.#folder, name))
    if (paths.length <= MOST_OBJECTS) return
    const aged = paths.map((path) => ({ path, writtenMs: statSync(path).mtimeMs }))
    aged.sort((a, b) => a.writtenMs - b.writtenMs)
    for (const { path } of aged.slice(0, MOST_OBJECTS / 2)) rmSync(path, { force: true })
  }
}
