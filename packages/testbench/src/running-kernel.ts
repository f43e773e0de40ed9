import { existsSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import { readText } from './file-access.ts'
import { KernelTypesFile, RUNNING_KERNEL_TYPES, readTypes } from './kernel-types.ts'

/** Where a kernel, or its distribution, tells what it was built with; the first that is there. */
const CONFIGURATIONS: readonly string[] = ['/proc/config.gz', `/boot/config-${release()}`]
const SYMBOLS = '/proc/kallsyms'

/** The running kernel's types, with what else it shows of itself. */
export class RunningKernelTypes extends KernelTypesFile {
  #configuration: ReadonlyMap<string, string> | undefined
  #symbols: ReadonlyMap<string, bigint> | undefined

  /** What it was built with, and the numbers that libbpf adds; undefined where it does not show it. */
  configuration(): ReadonlyMap<string, string> | undefined {
    const path = CONFIGURATIONS.find((name) => existsSync(name))
    if (path === undefined) return undefined
    this.#configuration ??= new Map([...settings(readText(path)), ...numbersOf(release())])
    return this.#configuration
  }

  /** All addresses are 0 for who may not see them: nothing is told then. */
  symbolAddress(name: string): bigint | undefined {
    this.#symbols ??= existsSync(SYMBOLS) ? symbols(readFileSync(SYMBOLS, 'latin1')) : new Map()
    return this.#symbols.get(name)
  }
}

/** The types of the kernel that runs here; undefined where it doesn't show them, and elsewhere than on Linux. */
export function runningKernelTypes(): RunningKernelTypes | undefined {
  if (!existsSync(RUNNING_KERNEL_TYPES)) return undefined
  return readTypes(RUNNING_KERNEL_TYPES, (bytes) => new RunningKernelTypes(RUNNING_KERNEL_TYPES, bytes))
}

/** Lines `CONFIG_NAME=value`. */
function settings(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(/^(CONFIG_\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]))
}

/** @see bpf_object__resolve_externs of libbpf */
function numbersOf(version: string): readonly (readonly [string, string])[] {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map((part) => Number.parseInt(part, 10) || 0)
  const isSince = (first: number, second: number): string =>
    `${Number(major > first || (major === first && minor >= second))}`
  const code = major * 65_536 + minor * 256 + Math.min(patch, 255)
  return [
    ['LINUX_KERNEL_VERSION', `${code}`],
    ['LINUX_HAS_BPF_COOKIE', isSince(5, 15)],
    ['LINUX_HAS_SYSCALL_WRAPPER', isSince(4, 17)],
  ]
}

/** Of several symbols of a name the first. Those of modules, which have another column, are left out. */
function symbols(text: string): ReadonlyMap<string, bigint> {
  const found = new Map<string, bigint>()
  for (const [, address = '0', name = ''] of text.matchAll(/^([0-9a-f]+) \w (\S+)$/gm)) {
    if (!found.has(name) && !/^0+$/.test(address)) found.set(name, BigInt(`0x${address}`))
  }
  return found
}
