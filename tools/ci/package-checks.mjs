// publint and attw over every package as it would be published (types, exports, files), a package a CPU.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { LAYERS } from './layers.mjs'

const root = resolve(import.meta.dirname, '../..')
const bin = (name) => join(root, 'node_modules/.bin', name)
let failed = 0
let passed = 0

/** Runs a command; true when it succeeds. What it says is shown only when it does not. */
function check(label, command, args, options) {
  return new Promise((done) => {
    const child = spawn(command, args, options)
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
    child.on('error', (error) => (said += error.message))
    child.on('close', (code) => {
      if (code === 0) passed++
      else failed++
      if (code !== 0) console.log(`FAIL ${label}\n${said}`)
      done(code === 0)
    })
  })
}

async function checkPackage(folder) {
  const cwd = join(root, folder)
  const out = mkdtempSync(join(tmpdir(), 'bpfoundry-pack-'))
  try {
    if (!(await check(`pack ${folder}`, 'pnpm', ['pack', '--pack-destination', out], { cwd }))) return
    const tarball = join(out, readdirSync(out)[0])
    await check(`publint ${folder}`, bin('publint'), ['run', tarball, '--strict'], { cwd })
    if (!folder.startsWith('apps/'))
      await check(`attw ${folder}`, bin('attw'), [tarball, '--profile', 'esm-only'], { cwd })
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}

const waiting = LAYERS.flat()
async function work() {
  for (let folder = waiting.shift(); folder !== undefined; folder = waiting.shift()) await checkPackage(folder)
}
await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work))
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
