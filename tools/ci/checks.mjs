// pnpm run ci: the test command of README.md, then every other check, each once; the last line counts all of them.
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'

/** A kernel tree of the machine's, as .ci/run unpacks it. */
const { KERNEL_TREE } = process.env

const CHECKS = [
  { name: 'tests', command: ['pnpm', 'test'], counted: true },
  { name: 'build', command: ['pnpm', 'build'] },
  // Each of these two keeps one processor busy.
  { name: 'engines, 2,000 programs', command: ['pnpm', 'engines'], env: { PROGRAMS: '2000' }, besideNext: true },
  { name: 'README examples', command: ['node', 'tools/ci/readme-examples.mjs'] },
  { name: 'type checks of tests', command: ['pnpm', 'exec', 'tsc', '-p', 'tsconfig.tests.json'] },
  { name: 'biome', command: ['pnpm', 'exec', 'biome', 'ci', '.'] },
  { name: 'oxlint', command: ['pnpm', 'exec', 'oxlint', '--deny-warnings'] },
  { name: 'layer rules', command: ['node', 'tools/ci/layer-rules.mjs'] },
  { name: 'architecture page', command: ['node', 'tools/ci/architecture-page.mjs', '--check'] },
  { name: 'unused code', command: ['pnpm', 'exec', 'knip'] },
  { name: 'package checks', command: ['node', 'tools/ci/package-checks.mjs'] },
  // The same inputs every time: what a change breaks shows on that change. Campaigns take a seed of their own.
  { name: 'fuzzing, short form', command: ['pnpm', 'fuzz', '--seconds', '2', '--seed', '1'] },
  {
    name: 'conformance, kernel tree',
    // One engine that is legible and one that compiles; all are put to lib/test_bpf.c by the tests.
    command: [
      ...['node', 'apps/bpfoundry/dist/main.js', 'conformance', '--kernel-tree', KERNEL_TREE ?? ''],
      ...['--engine', 'interpreter,wasm', '--timeout', '300'],
      ...['--baseline', 'fixtures/conformance/baseline/linux-6.12.json'],
    ],
    skipped: KERNEL_TREE === undefined ? 'KERNEL_TREE names no kernel tree' : undefined,
  },
  { name: 'demo, small', command: ['pnpm', 'demo', '--entries', '65536', '--count', '20000'] },
]

const root = resolve(import.meta.dirname, '../..')

/** Starts a command. What it says is kept until `show`, and shown as it comes from then on. */
function start({ command, env = {} }) {
  const started = performance.now()
  let output = ''
  let shown = false
  const say = (text) => {
    output += text
    if (shown) process.stdout.write(text)
  }
  const ended = new Promise((done) => {
    const child = spawn(command[0], command.slice(1), {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [child.stdout, child.stderr]) stream.on('data', say)
    const end = (code) => done({ code, output, seconds: (performance.now() - started) / 1000 })
    child.on('error', (error) => {
      say(error.message)
      end(127)
    })
    child.on('close', (code) => end(code ?? 1))
  })
  const show = () => {
    process.stdout.write(output)
    shown = true
  }
  return { ended, show }
}

const totals = { passed: 0, failed: 0, skipped: 0 }
const summary = []
const running = new Map()
for (const [index, check] of CHECKS.entries()) {
  const { name, command, counted, skipped, besideNext } = check
  if (skipped !== undefined) {
    console.log(`\n--- ${name}: skipped: ${skipped}`)
    summary.push(`skip ${name}: ${skipped}`)
    totals.skipped++
    continue
  }
  console.log(`\n--- ${name}: ${command.join(' ')}`)
  const beside = besideNext ? [check, CHECKS[index + 1]] : [check]
  for (const each of beside) if (!running.has(each)) running.set(each, start(each))
  const { ended, show } = running.get(check)
  show()
  const { code, output, seconds } = await ended
  const counts = counted ? [...output.matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm)].at(-1) : undefined
  const [passed, failed, left] = counts === undefined ? [0, 0, 0] : counts.slice(1).map((n) => Number(n ?? 0))
  totals.passed += passed
  totals.failed += failed
  totals.skipped += left
  // A test run that says nothing of its count has not run; one that fails without a failed test has failed all the same.
  const ok = code === 0 && (!counted || passed > 0)
  if (counts === undefined || (code !== 0 && failed === 0)) totals[ok ? 'passed' : 'failed']++
  summary.push(`${ok ? 'ok  ' : 'FAIL'} ${name} (${seconds.toFixed(1)} s)`)
}
console.log(`\n${summary.join('\n')}\n`)
console.log(
  `${totals.passed} passed, ${totals.failed} failed${totals.skipped > 0 ? `, ${totals.skipped} skipped` : ''}`,
)
process.exit(totals.failed === 0 ? 0 : 1)
