import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../../../..')

/** As strict as the compiler can be of modules that somebody else puts into a project. */
const OPTIONS = {
  noEmit: true,
  skipLibCheck: false,
  types: [],
  allowImportingTsExtensions: true,
  rewriteRelativeImportExtensions: false,
  composite: false,
  declarationMap: false,
  allowUnreachableCode: false,
}

/** Checks modules in one program, against the library's sources. @returns what the compiler says; empty when all is well */
export function typeCheck(files: ReadonlyMap<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-skeletons-'))
  try {
    for (const [name, text] of files) writeFileSync(join(folder, name), text)
    const paths = { '@bpfoundry/loader': [join(ROOT, 'packages/loader/src/index.ts')] }
    const config = {
      extends: join(ROOT, 'tsconfig.base.json'),
      compilerOptions: { ...OPTIONS, isolatedDeclarations: true, paths },
      // Of a module in JavaScript its declarations are looked at.
      files: [...files.keys()].filter((name) => !name.endsWith('.js')).map((name) => `./${name}`),
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
    const { stdout, stderr, error } = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' })
    return error === undefined ? `${stdout}${stderr}` : error.message
  } finally {
    rmSync(folder, { recursive: true })
  }
}
