import type { CommandIo } from '../command-io.ts'
import { UsageError } from '../exit-code.ts'
import { ALL_RELEASES } from '../options/choices.ts'
import type { VerifyOptions } from '../verdicts/verify-command.ts'
import { verifyTree } from './verify-tree.ts'

/** `bpfoundry verify --kernel-tree DIR`. @returns the exit code @throws UsageError CLI_OBJECTS, CLI_PROFILE */
export async function verifyTreeCommand(
  kernelTree: string,
  objects: readonly string[],
  options: VerifyOptions,
  io: CommandIo,
): Promise<number> {
  if (objects.length > 0) throw objectsToo()
  if (options.profile === ALL_RELEASES) throw oneRelease()
  return verifyTree({ ...options, kernelTree }, io)
}

function objectsToo(): UsageError {
  return new UsageError({
    code: 'CLI_OBJECTS',
    message: 'objects and a kernel tree given',
    expected: 'object files, or --kernel-tree DIR',
  })
}

function oneRelease(): UsageError {
  return new UsageError({ code: 'CLI_PROFILE', message: 'a kernel tree is judged for one release', got: ALL_RELEASES })
}
