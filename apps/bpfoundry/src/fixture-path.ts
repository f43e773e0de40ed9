import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { InputError } from './exit-code.ts'

/** A file under fixtures/, found from dist/ and from src/ alike. @throws InputError CLI_NO_SUCH_FIXTURE */
export function fixturePath(name: string): string {
  const path = fileURLToPath(new URL(`../../../fixtures/${name}`, import.meta.url))
  if (existsSync(path)) return path
  throw new InputError({
    code: 'CLI_NO_SUCH_FIXTURE',
    message: 'this command needs the fixtures of the repository',
    where: { input: path },
    hint: 'run it in a clone of the repository; `bpfoundry run` takes objects of your own',
  })
}
