import { readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { rolldown } from 'rolldown'

/**
 * Puts a module and all that it imports of this repository into one CommonJS script, to be loaded by CommandBundle of
 * apps/bpfoundry. Packages of others stay outside.
 *
 * @param entry path of the module
 * @param places `root` of the repository, folder of the `app`, `folder` of the bundles, names of `workers` that are bundled, and
 *   import `conditions`
 * @returns the script's `code`, and the `packages` that it is made of: their folders
 */
export async function bundle(entry, { root, app, folder, workers, conditions }) {
  const build = await rolldown({
    input: entry,
    platform: 'node',
    resolve: { conditionNames: [...conditions, 'node', 'import', 'default'] },
    external: isOutside,
    plugins: [ownUrls(app, folder, workers)],
  })
  try {
    const { output } = await build.generate({ format: 'cjs', codeSplitting: false, comments: false, exports: 'named' })
    const files = (await build.watchFiles).filter((file) => !relative(root, file).startsWith('..'))
    // With kept bytecode V8 forgets who answers import().
    const code = output[0].code.replaceAll(/(?<![#.\w$])import\(/g, 'importModule(')
    return { code, packages: [...new Set(files.map(packageFolder))].sort() }
  } finally {
    await build.close()
  }
}

/** Node's own modules, packages of others, and the one that a published build does not have. */
function isOutside(id) {
  return !/^(\.|\/|@bpfoundry\/(?!kernel-oracle))/.test(id)
}

/**
 * Modules that ask for their own URL, to find what stands beside them, get the one that they have without a bundle. Those that
 * start a worker that is bundled, too, find it among the bundles.
 */
function ownUrls(app, folder, workers) {
  return {
    name: 'own-urls',
    transform(code, id) {
      if (!code.includes('import.meta.url')) return null
      const isAmongBundles = workers.some((name) => code.includes(`./${name}.js`))
      const url = isAmongBundles ? urlIn(app, app, join(folder, basename(id))) : urlIn(packageFolder(id), app, id)
      return { code: code.replaceAll('import.meta.url', url), map: null }
    },
  }
}

/** The call that gives the URL of a file of a package. */
function urlIn(folder, app, file) {
  const owner = folder === app ? '' : JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).name
  return `moduleUrl(${JSON.stringify(owner)}, ${JSON.stringify(relative(folder, file))})`
}

/** Of `packages/btf/dist/index.js` the first two parts. */
function packageFolder(file) {
  return file.replace(/\/(dist|src)\/.*$/, '')
}
