import { closeSync, openSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeFolder } from '@bpfoundry/output-file'
import { OutputFile } from '@bpfoundry/testbench'
import { InputError } from './exit-code.ts'

/**
 * Makes sure that a file can be written at the end of what takes minutes.
 *
 * @throws InputError CLI_UNWRITABLE
 */
export function requireWritable(path: string): void {
  const probe = `${path}.${process.pid}.part`
  try {
    makeFolder(dirname(path))
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) throw new Error('it is a folder')
    closeSync(openSync(probe, 'wx'))
    rmSync(probe)
  } catch (cause) {
    throw new InputError({
      code: 'CLI_UNWRITABLE',
      message: `cannot write ${path}: ${(cause as Error).message}`,
      where: { input: path },
      hint: 'check the path',
      cause,
    })
  }
}

/** The file appears under its name when it is complete, or not at all. @throws TestbenchError TESTBENCH_UNWRITABLE */
export function writeWhole(path: string, content: string | Uint8Array): void {
  const output = new OutputFile(path)
  try {
    output.write(typeof content === 'string' ? Buffer.from(content) : content)
    output.commit()
  } catch (error) {
    output.discard()
    throw error
  }
}
