// dependency-cruiser with the layer rules, and a count: the tool is green on nothing when it can't read TypeScript.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { LAYERS } from './layers.mjs'

const root = resolve(import.meta.dirname, '../..')
const folders = LAYERS.flat()
const expected = folders.flatMap((folder) =>
  readdirSync(join(root, folder, 'src'), { recursive: true }).filter((file) => String(file).endsWith('.ts')),
).length

const run = spawnSync(
  join(root, 'node_modules/.bin/depcruise'),
  ['--config', '.dependency-cruiser.mjs', '--include-only', '/src/', '--output-type', 'json', ...folders],
  { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 },
)
const { summary, modules } = JSON.parse(run.stdout)
for (const { rule, from, to } of summary.violations) console.log(`${rule.severity} ${rule.name}: ${from} -> ${to}`)
if (summary.totalCruised < expected) console.log(`only ${summary.totalCruised} of ${expected} source files were read`)
const between = modules.flatMap(({ source, dependencies }) =>
  dependencies.filter(({ resolved }) => resolved.split('/')[1] !== source.split('/')[1]),
).length
if (between === 0) console.log('no import between packages was resolved')
console.log(`${summary.totalCruised} modules, ${between} imports between packages, ${summary.error} violations`)
process.exit(summary.error === 0 && summary.totalCruised >= expected && between > 0 ? 0 : 1)
