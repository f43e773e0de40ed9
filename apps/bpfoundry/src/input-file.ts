import { readFileSync } from 'node:fs'
import type { CommandIo } from './command-io.ts'
import { InputError } from './exit-code.ts'

/** What stands for stdin in place of a file's name. */
const STDIN = '-'

/** The name that errors have for an input. */
export function inputName(path: string): string {
  return path === STDIN ? '<stdin>' : path
}

/**
 * A text file, or stdin for `-`.
 *
 * @throws InputError CLI_NO_SUCH_FILE, CLI_UNREADABLE_FILE
 */
export async function readTextInput(path: string, io: CommandIo): Promise<string> {
  if (path === STDIN) return io.readInput()
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') {
      throw new InputError({
        code: 'CLI_NO_SUCH_FILE',
        message: `no such file: ${path}`,
        where: { input: path },
        cause,
      })
    }
    throw new InputError({
      code: 'CLI_UNREADABLE_FILE',
      message: `cannot read it: ${message}`,
      where: { input: path },
      cause,
    })
  }
}
