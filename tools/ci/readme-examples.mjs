// Runs the first ```ts example of every package README against the built packages: documentation that can't rot.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { transformSync } from 'oxc-transform'
import { LAYERS } from './layers.mjs'

const root = resolve(import.meta.dirname, '../..')
let failed = 0
let passed = 0
for (const folder of LAYERS.flat()) {
  const readme = join(root, folder, 'README.md')
  const source = existsSync(readme) ? readFileSync(readme, 'utf8').match(/^```ts\n([\s\S]*?)^```/m)?.[1] : undefined
  if (source === undefined) {
    if (folder.startsWith('apps/')) continue
    console.log(`FAIL ${folder}: no README.md with a ts example`)
    failed++
    continue
  }
  const file = join(root, folder, '.readme-example.mjs')
  writeFileSync(file, transformSync('example.ts', source).code)
  const run = spawnSync(process.execPath, [file], { cwd: root, encoding: 'utf8', timeout: 60_000 })
  rmSync(file)
  if (run.status === 0) passed++
  else {
    failed++
    console.log(`FAIL ${folder}: README example exits with ${run.status ?? run.signal}\n${run.stderr}`)
  }
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
