// pnpm fuzz [--seconds N] [--seed N] [--list] [TARGET...]
// Drives every fuzz/*.fuzz.ts of the workspace for N seconds each (default 2), each target in its own process, so that
// a crash or a hang costs one target; as many at a time as there are processors. Findings are written to tools/fuzz/findings/ with the line that replays them.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
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

/** Fuzzes one target in a process of its own: whether it ends well, and the line that says so. */
function fuzz({ name, path }) {
  const hook = join(root, 'tools/typescript-hook/register.mjs')
  const child = join(root, 'tools/fuzz/child.mjs')
  return new Promise((done) => {
    const fuzzer = spawn(
      process.execPath,
      ['--import', hook, '--conditions=source', child, path, String(seconds), values.seed],
      { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], timeout: (seconds + 30) * 1000, killSignal: 'SIGKILL' },
    )
    const said = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr']) fuzzer[stream].on('data', (text) => (said[stream] += text))
    fuzzer.on('error', (error) => (said.stderr += error.message))
    fuzzer.on('close', (code, signal) => {
      const why = signal === 'SIGKILL' ? `hangs (seed ${values.seed})\n` : ''
      const ok = code === 0
      done({
        ok,
        line: ok ? `ok   ${name}: ${said.stdout.trim()}` : `FAIL ${name}: ${why}${said.stdout}${said.stderr}`,
      })
    })
  })
}

const lanes = Array.from({ length: availableParallelism() }, () => Promise.resolve())
const results = chosen.map((target, index) => {
  const lane = index % lanes.length
  lanes[lane] = lanes[lane].then(() => fuzz(target))
  return lanes[lane]
})
let failed = 0
for (const result of results) {
  const { ok, line } = await result
  if (!ok) failed++
  console.log(line)
}
console.log(`\n${chosen.length - failed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
