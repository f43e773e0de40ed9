import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KernelTree } from '../../kernel-tree.ts'
import { helperDefinitions } from '../asm/helper-definitions.ts'

/** Where a kernel's build puts bpf_helper_defs.h. */
const BUILT_DEFINITIONS = [
  'tools/testing/selftests/bpf/tools/include/bpf/bpf_helper_defs.h',
  'tools/lib/bpf/bpf_helper_defs.h',
] as const

/** What makes it of the uapi header. */
const GENERATOR = 'scripts/bpf_doc.py'

const UAPI_HEADER = 'include/uapi/linux/bpf.h'

/** The running kernel's types. */
const KERNEL_BTF = '/sys/kernel/btf/vmlinux'

const MAX_OUTPUT_BYTES = 64 << 20

/**
 * bpf_helper_defs.h: the tree's own where it was built, else what its script makes, else names and numbers alone, which
 * most programs need no more than.
 */
export function helperHeader(tree: KernelTree): string {
  const built = BUILT_DEFINITIONS.map((path) => tree.read(path)).find((text) => text !== undefined)
  return built ?? scriptOutput(tree) ?? helperDefinitions(tree).replaceAll(VARIADIC, '()')
}

/** Without prototypes, a call may have no argument, too. */
const VARIADIC = '(void *, ...)'

function scriptOutput(tree: KernelTree): string | undefined {
  if (!tree.exists(GENERATOR) || !tree.exists(UAPI_HEADER)) return undefined
  const file = join(tree.folder, UAPI_HEADER)
  return output('python3', [join(tree.folder, GENERATOR), '--header', '--file', file])
}

/** vmlinux.h: the one given, else the running kernel's, as bpftool writes it; undefined where neither is to be had. */
export function vmlinuxHeader(path: string | undefined): string | undefined {
  if (path !== undefined) return readFileSync(path, 'utf8')
  if (!existsSync(KERNEL_BTF)) return undefined
  return output('bpftool', ['btf', 'dump', 'file', KERNEL_BTF, 'format', 'c'])
}

/** What a program writes; undefined when it can't be started, fails or writes nothing. */
function output(command: string, parameters: readonly string[]): string | undefined {
  const options = { encoding: 'utf8', maxBuffer: MAX_OUTPUT_BYTES, timeout: 60_000 } as const
  const { status, stdout } = spawnSync(command, parameters, options)
  return status === 0 && stdout !== '' ? stdout : undefined
}
