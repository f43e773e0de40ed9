// node tools/command-bundles/main.mjs [--source] [FOLDER]
// The last step of a build: makes one file of each command below, and keeps the bytecode of what it usually runs, in FOLDER
// (default: apps/bpfoundry/dist/bundles). With --source commands are bundled from TypeScript, without bytecode; for tests.
import '../typescript-hook/register.mjs'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { bundle } from './bundle.mjs'

const { CommandBundle, fileDigest } = await import('../../apps/bpfoundry/src/command-bundle.ts')

const { values, positionals } = parseArgs({ allowPositionals: true, options: { source: { type: 'boolean' } } })
const root = resolve(import.meta.dirname, '../..')
const app = join(root, 'apps/bpfoundry')
const folder = resolve(positionals[0] ?? join(app, 'dist/bundles'))
const [built, extension, conditions] = values.source ? ['src', 'ts', ['source']] : ['dist', 'js', []]

const PARSER = join(root, 'fixtures/programs/published/parse_drop.v2.o')
const BLACKLIST = join(root, 'fixtures/programs/blacklist/blacklist.v3.o')
const TRAFFIC = { pktgen: 'count=1000,src=10.0.0.0/8', map: [], cpus: 1, deterministic: true, seed: 1 }
const typed = (input) => ({ out() {}, err() {}, terminal: false, readInput: async () => input })
const silent = typed('')

/** Commands by the name that `implementation` has for them: the module of each, and what it is asked to keep bytecode of. */
// biome-ignore format: table
const COMMANDS = [
  { name: 'verify',         module: 'verdicts/verify-command',              usual: ({ verify }) => verify([PARSER, BLACKLIST], {}, silent) },
  { name: 'bench-verifier', module: 'benchmarks/verifier/verifier-command', usual: ({ benchVerifier }) => benchVerifier([PARSER], { rounds: 1, kernel: false }, silent) },
  { name: 'demo',           module: 'demo/demo-command',                    usual: () => 0 },
  { name: 'run',            module: 'run/run-command',                      usual: ({ run }) => run(BLACKLIST, { mode: 'native', engine: 'wasm', ...TRAFFIC }, silent) },
  { name: 'dump',           module: 'dumps/dump-command',                   usual: ({ dumpXlatedProgram }) => dumpXlatedProgram(BLACKLIST, {}, silent) },
  { name: 'filter',         module: 'filters/filter-command',               usual: ({ filter }) => filter('tcp port 80 or host 10.0.0.1', { d: 1, optimize: true, linktype: 'EN10MB', snapshotLength: 0 }, silent) },
  { name: 'asm',            module: 'assembly/asm-command',                 usual: ({ assemble }) => assemble('-', { D: [] }, typed('ldh [12]\njeq #0x800, l1, l2\nl1: ret #-1\nl2: ret #0')) },
  { name: 'dbg',            module: 'debugger/dbg-command',                 usual: ({ debug }) => debug({ quirks: true }, typed('load bpf 1,6 0 0 0\nhelp\ndump')) },
  { name: 'programs',       module: 'programs/programs-command',            usual: ({ showPrograms }) => showPrograms([BLACKLIST], { engine: 'wasm' }, silent) },
  { name: 'feature',        module: 'features/feature-command',             usual: ({ probe }) => probe([], {}, silent) },
  { name: 'gen',            module: 'generated/gen-command',                usual: ({ skeleton }) => skeleton(BLACKLIST, { type: [] }, silent) },
  { name: 'map',            module: 'maps/map-command',                     usual: ({ dumpMapsOf }) => dumpMapsOf(BLACKLIST, [], { mode: 'native', engine: 'wasm', ...TRAFFIC }, silent) },
  { name: 'btf',            module: 'types/btf-command',                    usual: ({ dumpTypes }) => dumpTypes(['file', BLACKLIST, 'format', 'c'], {}, silent) },
  { name: 'show',           module: 'net/show-command',                     usual: ({ show }) => show('net show', BLACKLIST, { mode: 'native' }, silent) },
]

/** Modules that worker threads of these commands are started with, by their package. */
const WORKERS = [{ name: 'cpu-worker', owner: '@bpfoundry/testbench', folder: 'packages/testbench', usual: () => 0 }]
const workers = WORKERS.map(({ name }) => name)

async function make(name, module, part) {
  const entry = `${module}.${extension}`
  const { code, packages } = await bundle(entry, { root, app, folder, workers, conditions })
  const builds = packages.map((path) => join(path, 'dist/.tsbuildinfo'))
  const digests = builds.map((path) => [relative(folder, path), fileDigest(path)])
  writeFileSync(join(part, `${name}.cjs`), code)
  writeFileSync(join(part, `${name}.json`), `${JSON.stringify(Object.fromEntries(digests))}\n`)
}

async function keepCode({ name, usual }) {
  const made = CommandBundle.open(folder, name)
  const code = await usual(made.load())
  if (code !== 0) throw new Error(`${name} ends with ${code} as a bundle`)
  made.keepCode()
}

/** What a thread is started with: a module whose default export is the worker's, from the bundle or from its own modules. */
function workerModule(name, owner) {
  return `import { implementation } from '../command-bundle.js'

const modules = new URL('dist/${name}.js', import.meta.resolve('${owner}/package.json')).href
export default (await implementation('${name}', () => import(modules))).default
`
}

// The folder appears when all bundles are in it: a command that starts meanwhile finds the old ones, or none.
const part = `${folder}.${process.pid}.part`
mkdirSync(part, { recursive: true })
try {
  for (const { name, module } of COMMANDS) await make(name, join(app, built, module), part)
  for (const { name, owner, folder: home } of WORKERS) {
    await make(name, join(root, home, built, name), part)
    writeFileSync(join(part, `${name}.js`), workerModule(name, owner))
  }
  rmSync(folder, { recursive: true, force: true })
  renameSync(part, folder)
} finally {
  rmSync(part, { recursive: true, force: true })
}
if (!values.source) for (const made of [...COMMANDS, ...WORKERS]) await keepCode(made)
