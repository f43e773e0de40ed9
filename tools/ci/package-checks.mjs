// publint and attw over every package as it would be published (types, exports, files).
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { LAYERS } from './layers.mjs'

const root = resolve(import.meta.dirname, '../..')
const bin = (name) => join(root, 'node_modules/.bin', name)
let failed = 0
let passed = 0

function check(label, command, args, options) {
  const run = spawnSync(command, args, { encoding: 'utf8', ...options })
  if (run.status === 0) {
    passed++
    return true
  }
  failed++
  console.log(`FAIL ${label}\n${run.stdout}${run.stderr}`)
  return false
}

for (const folder of LAYERS.flat()) {
  const cwd = join(root, folder)
  const out = mkdtempSync(join(tmpdir(), 'bpfoundry-pack-'))
  try {
    if (!check(`pack ${folder}`, 'pnpm', ['pack', '--pack-destination', out], { cwd })) continue
    const tarball = join(out, readdirSync(out)[0])
    check(`publint ${folder}`, bin('publint'), ['run', tarball, '--strict'], { cwd })
    if (!folder.startsWith('apps/')) check(`attw ${folder}`, bin('attw'), [tarball, '--profile', 'esm-only'], { cwd })
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
