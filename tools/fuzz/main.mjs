// pnpm fuzz [--seconds N] [--seed N] [--list] [TARGET...]
// Drives every fuzz/*.fuzz.ts of the workspace for N seconds each (default 2), each target in its own process, so that
// a crash or a hang costs one target. Findings are written to tools/fuzz/findings/ with the line that replays them.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_007) },
    list: { type: 'boolean', default: false },
  },
})

const root = resolve(import.meta.dirname, '../..')
const targets = ['packages', 'hw-models', 'apps'].flatMap((group) =>
  readdirSync(join(root, group)).flatMap((member) => {
    const folder = join(root, group, member, 'fuzz')
    if (!existsSync(folder)) return []
    return readdirSync(folder)
      .filter((file) => file.endsWith('.fuzz.ts'))
      .map((file) => ({ name: `${member}/${file.slice(0, -'.fuzz.ts'.length)}`, path: join(folder, file) }))
  }),
)
const chosen =
  positionals.length === 0 ? targets : targets.filter(({ name }) => positionals.some((p) => name.includes(p)))
if (chosen.length === 0) {
  console.error(`no such fuzz target: ${positionals.join(' ')}\nknown: ${targets.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}
if (values.list) {
  for (const { name } of chosen) console.log(name)
  process.exit(0)
}

const seconds = Number(values.seconds)
let failed = 0
for (const { name, path } of chosen) {
  const child = spawnSync(
    process.execPath,
    [
      '--import',
      join(root, 'tools/typescript-hook/register.mjs'),
      '--conditions=source',
      join(root, 'tools/fuzz/child.mjs'),
      path,
      String(seconds),
      values.seed,
    ],
    { cwd: root, encoding: 'utf8', timeout: (seconds + 30) * 1000, killSignal: 'SIGKILL' },
  )
  const ok = child.status === 0
  if (!ok) failed++
  const why = child.signal === 'SIGKILL' ? `hangs (seed ${values.seed})\n` : ''
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}: ${ok ? child.stdout.trim() : `${why}${child.stdout}${child.stderr}`}`)
}
console.log(`\n${chosen.length - failed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
