/** What the tests ask outside of this repository, and where it is found. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const candidates = [process.env['BPFOUNDRY_KERNEL_TREE'], '/usr/src/linux-source-6.12', '/usr/src/linux']

/** A Linux source tree: BPFOUNDRY_KERNEL_TREE, or where distributions put it. May not exist. */
export const KERNEL_TREE: string =
  candidates.find((path) => path !== undefined && existsSync(`${path}/include/linux/filter.h`)) ??
  '/usr/src/linux-source-6.12'

export function toolExists(name: string): boolean {
  return spawnSync(name, ['--version']).error === undefined
}
