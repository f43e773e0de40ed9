// Writes the package table and the graph of docs/architecture.md from the code: `--check` only compares.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { LAYERS } from './layers.mjs'

const root = resolve(import.meta.dirname, '../..')
const page = join(root, 'docs/architecture.md')
const BEGIN = '<!-- made from the code: node tools/ci/architecture-page.mjs -->'
const END = '<!-- end -->'

const packages = LAYERS.flatMap((folders, layer) =>
  folders.map((folder) => {
    const {
      name,
      description,
      dependencies = {},
    } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
    const uses = Object.keys(dependencies).filter((dependency) => dependency.startsWith('@bpfoundry/'))
    return { layer, folder, name, description, uses: uses.map((use) => use.split('/')[1]).sort() }
  }),
)
const short = (name) => name.split('/').at(-1)
const rows = packages.map(
  ({ layer, folder, name, description, uses }) =>
    `| ${layer} | [${short(name)}](../${folder}) | ${description} | ${uses.join(', ') || '-'} |`,
)
/** Only the arrows that no other path implies, so that the graph can be read. */
function direct(uses) {
  const reach = (name) => {
    const found = packages.find((other) => short(other.name) === name)
    return found === undefined ? [] : found.uses.flatMap((use) => [use, ...reach(use)])
  }
  const implied = new Set(uses.flatMap(reach))
  return uses.filter((use) => !implied.has(use))
}
const arrows = packages.flatMap(({ name, uses }) => direct(uses).map((use) => `  ${short(name)} --> ${use}`))
const made = [
  BEGIN,
  '',
  '| layer | package | what it is | imports |',
  '|---|---|---|---|',
  ...rows,
  '',
  '```mermaid',
  'graph TD',
  ...arrows,
  '```',
  '',
  END,
].join('\n')

const before = existsSync(page) ? readFileSync(page, 'utf8') : `${BEGIN}${END}\n`
const at = before.indexOf(BEGIN)
const end = before.indexOf(END)
if (at < 0 || end < 0) throw new Error(`docs/architecture.md lacks its markers`)
const after = before.slice(0, at) + made + before.slice(end + END.length)
if (process.argv.includes('--check')) {
  if (after !== before) {
    console.log('docs/architecture.md is not what the code says: run node tools/ci/architecture-page.mjs')
    process.exit(1)
  }
} else writeFileSync(page, after)
