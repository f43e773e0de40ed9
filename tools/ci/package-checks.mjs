// publint and attw over every package as it would be published (types, exports, files), a package a CPU.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
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

/** Checks what was packed of a package. */
async function checkPackage(folder, packed) {
  const cwd = join(root, folder)
  const { name, version } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'))
  const tarball = join(packed, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`)
  await check(`publint ${folder}`, bin('publint'), ['run', tarball, '--strict'], { cwd })
  if (!folder.startsWith('apps/')) {
    await check(`attw ${folder}`, bin('attw'), [tarball, '--profile', 'esm-only'], { cwd })
  }
}

const folders = LAYERS.flat()
const out = mkdtempSync(join(tmpdir(), 'bpfoundry-pack-'))
try {
  // All by one process: to start it takes longer than to pack one.
  const filters = folders.flatMap((folder) => ['--filter', `./${folder}`])
  if (await check('pack', 'pnpm', ['--recursive', ...filters, 'pack', '--pack-destination', out], { cwd: root })) {
    const work = async () => {
      for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) await checkPackage(folder, out)
    }
    await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work))
  }
} finally {
  rmSync(out, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
