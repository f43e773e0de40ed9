import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { transform } from 'oxc-transform'

/** The tests' runner has Node read source maps: failures name the lines of the files. */
const sourcemap = process.env.VITEST !== undefined

/** Module hook: strips the types of `.ts` files outside node_modules; everything else goes on to Node's loader. */
export async function load(url, context, nextLoad) {
  // The tests' runner puts a query behind the names of files.
  const [file] = url.split('?')
  if (!file.startsWith('file:') || !file.endsWith('.ts')) return nextLoad(url, context)
  const path = fileURLToPath(file)
  const { code, errors, map } = await transform(path, await readFile(path, 'utf8'), { sourcemap })
  if (errors.length > 0) throw new SyntaxError(`${path}: ${errors[0].message}`)
  return { format: 'module', source: map === undefined ? code : `${code}${inlined(map)}`, shortCircuit: true }
}

function inlined(map) {
  const json = Buffer.from(JSON.stringify({ ...map, sourcesContent: undefined }))
  return `\n//# sourceMappingURL=data:application/json;base64,${json.toString('base64')}\n`
}
