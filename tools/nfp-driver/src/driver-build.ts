import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { collectDriverSource, DRIVER_SOURCES, filesOf } from './driver-source.ts'

const SHIM = fileURLToPath(new URL('../shim', import.meta.url))

const KERNEL_SHIM = '#include "kernel-shim.h"\n'
const BPF_SHIM = '#include "bpf-shim.h"\n'

/** Headers that the driver asks for and the shim stands in for. */
const LINUX_HEADERS =
  'bitfield bitops bug export filter kernel list math minmax netdevice pkt_cls rhashtable skbuff string types unistd wait'

/** Small headers that lead to the shim, by path in the build folder. */
function forwardingHeaders(): Record<string, string> {
  const linux = (name: string): string => `include/linux/${name}.h`
  return {
    ...Object.fromEntries(LINUX_HEADERS.split(' ').map((name) => [linux(name), KERNEL_SHIM])),
    // The C library asks for these two, too.
    ...Object.fromEntries(['errno', 'limits'].map((name) => [linux(name), `#include_next <linux/${name}.h>\n`])),
    ...Object.fromEntries(['bpf', 'bpf_verifier'].map((name) => [linux(name), BPF_SHIM])),
    [linux('bpf_common')]: '#include "uapi/linux/bpf_common.h"\n',
    ...Object.fromEntries(['ccm', 'nfp_app', 'nfp_main'].map((name) => [`nfp/${name}.h`, KERNEL_SHIM])),
    'nfp/nfp_net.h': `${KERNEL_SHIM}#include "nfp_net_ctrl.h"\n`,
  }
}

/** A compiled driver, or why there is none. */
export type BuiltDriver = { readonly executable: string } | { readonly reason: string }

/**
 * Compiles the driver, once a machine and version of the shim: what was built stays in the temporary folder.
 *
 * @param kernelTree a tree to take it from; Debian's tarball where it lacks the driver
 */
export function buildDriver(kernelTree: string | undefined = process.env['KERNEL_TREE']): BuiltDriver {
  if (spawnSync('gcc', ['--version']).error !== undefined) return { reason: 'no gcc' }
  const key = createHash('sha256').update(kernelTree ?? '')
  for (const path of filesOf(SHIM)) key.update(readFileSync(path))
  const executable = join(tmpdir(), `bpfoundry-nfp-driver-${key.digest('hex').slice(0, 16)}`)
  if (existsSync(executable)) return { executable }
  const folder = `${executable}.${process.pid}`
  try {
    mkdirSync(folder, { recursive: true })
    const reason = collectDriverSource(folder, kernelTree) ?? compile(folder)
    if (reason !== undefined) return { reason }
    renameSync(join(folder, 'driver'), executable)
    return { executable }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function compile(folder: string): string | undefined {
  for (const [path, text] of Object.entries(forwardingHeaders())) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const flags = ['-O1', '-w', '-include', 'kernel-shim.h', '-Iinclude', `-I${SHIM}`, '-Infp/bpf', '-o', 'driver']
  const done = spawnSync('gcc', [...flags, join(SHIM, 'driver.c'), ...DRIVER_SOURCES], {
    cwd: folder,
    encoding: 'utf8',
  })
  if (done.status === 0) return undefined
  const first = done.stderr.split('\n').find((line) => line.includes('error'))
  return `gcc can't compile the nfp driver: ${first ?? done.stderr.split('\n')[0]}`
}
