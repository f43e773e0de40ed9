import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import vm from 'node:vm'
import { KeptCode } from './kept-code.ts'

/**
 * What tells builds of a bundle's packages apart: files, relative to the bundle, and {@link fileDigest} of each when it was made.
 * `NAME.json` beside the bundle holds it.
 */
export type BundleBuilds = Readonly<Record<string, string>>

/** @returns undefined where there is no such file */
export function fileDigest(path: string): string | undefined {
  return existsSync(path) ? createHash('sha1').update(readFileSync(path)).digest('hex') : undefined
}

/** Nothing was built since. What is not there is not of this build either: packages that were installed have none. */
function isCurrent(folder: string, builds: BundleBuilds): boolean {
  return Object.entries(builds).every(([path, digest]) => (fileDigest(join(folder, path)) ?? digest) === digest)
}

/**
 * Bundled modules ask `moduleUrl` for the URL that they had: of a file of a package, of the command line's where none is named.
 * `importModule` stands for their import() of packages.
 */
type BundleFunction = (
  exports: object,
  require: NodeJS.Require,
  moduleUrl: (owner: string, path: string) => string,
  importModule: (specifier: string) => Promise<unknown>,
) => void

const APP = fileURLToPath(new URL('..', import.meta.url))

/**
 * A command in one file, `NAME.cjs`, and the bytecode of the functions that it usually runs: loading its thousand modules takes
 * ten times as long. Made by tools/command-bundles after every build.
 */
export class CommandBundle {
  readonly #path: string
  readonly #script: vm.Script
  readonly #code: KeptCode

  private constructor(path: string) {
    const text = readFileSync(path)
    this.#path = path
    this.#code = new KeptCode(path, text)
    const cachedData = this.#code.read()
    this.#script = new vm.Script(`(function (exports, require, moduleUrl, importModule) {${text}\n})`, {
      filename: path,
      ...(cachedData === undefined ? {} : { cachedData }),
    })
  }

  /**
   * @param name the command's
   * @returns undefined where there is no bundle, or its packages were built since
   */
  static open(folder: string, name: string): CommandBundle | undefined {
    const builds = join(folder, `${name}.json`)
    if (!existsSync(builds)) return undefined
    if (!isCurrent(folder, JSON.parse(readFileSync(builds, 'utf8')) as BundleBuilds)) return undefined
    return new CommandBundle(join(folder, `${name}.cjs`))
  }

  /** V8 took the bytecode that was kept. */
  get hasCode(): boolean {
    return this.#script.cachedDataRejected === false
  }

  /** Runs it, and gives what the command's module exports. */
  load(): object {
    const exports = {}
    const require = createRequire(this.#path)
    const run = this.#script.runInThisContext() as BundleFunction
    const moduleUrl = (owner: string, path: string): string => {
      const folder = owner === '' ? APP : dirname(require.resolve(`${owner}/package.json`))
      return pathToFileURL(join(folder, path)).href
    }
    run(exports, require, moduleUrl, (specifier) => import(specifier))
    return exports
  }

  /** Keeps the bytecode of all functions that have run by now. */
  keepCode(): void {
    this.#code.write(this.#script.createCachedData())
  }
}

/** Beside the built modules; from source there are none. */
const BUNDLES = fileURLToPath(new URL('bundles/', import.meta.url))

/**
 * What a command is made of: its bundle where there is one of this build, else its modules.
 *
 * @param name as tools/command-bundles names it
 * @param modules loads the module that was bundled
 */
export async function implementation<Module extends object>(
  name: string,
  modules: () => Promise<Module>,
  folder: string = BUNDLES,
): Promise<Module> {
  return (loadBundle(folder, name) as Module | undefined) ?? modules()
}

/** Of a bundle that is damaged, the modules can do the same, and tell what is wrong with them. */
function loadBundle(folder: string, name: string): object | undefined {
  try {
    return CommandBundle.open(folder, name)?.load()
  } catch {
    return undefined
  }
}
