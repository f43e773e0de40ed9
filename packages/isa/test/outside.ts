/** What the tests ask outside of this repository, and where it is found. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const candidates = [process.env['KERNEL_TREE'], '/usr/src/linux-source-6.12', '/usr/src/linux']

/** A Linux source tree: KERNEL_TREE, or where distributions put it. May not exist. */
export const KERNEL_TREE: string =
  candidates.find((path) => path !== undefined && existsSync(`${path}/include/linux/filter.h`)) ??
  '/usr/src/linux-source-6.12'

/**
 * A program that takes JSON Lines of cases and answers with the running kernel's verdict and log, one a line:
 * BPFOUNDRY_KERNEL_ORACLE. Undefined when not set.
 */
export const KERNEL_ORACLE: string | undefined = process.env['BPFOUNDRY_KERNEL_ORACLE']

export function toolExists(name: string): boolean {
  return spawnSync(name, ['--version']).error === undefined
}

/** Runs `action` in a fresh directory, which is removed afterwards. */
export function inTemporaryDirectory<T>(action: (path: string) => T): T {
  const path = mkdtempSync(join(tmpdir(), 'isa-'))
  try {
    return action(path)
  } finally {
    rmSync(path, { recursive: true })
  }
}
