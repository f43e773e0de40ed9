import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const NFP = 'drivers/net/ethernet/netronome/nfp'

/** Files of a kernel tree that the build takes, and where they go in it. */
// biome-ignore format: table
const WANTED: Readonly<Record<string, string>> = {
  [`${NFP}/bpf/jit.c`]:               'nfp/bpf/jit.c',
  [`${NFP}/bpf/verifier.c`]:          'nfp/bpf/verifier.c',
  [`${NFP}/bpf/main.h`]:              'nfp/bpf/main.h',
  [`${NFP}/bpf/fw.h`]:                'nfp/bpf/fw.h',
  [`${NFP}/nfp_asm.c`]:               'nfp/nfp_asm.c',
  [`${NFP}/nfp_asm.h`]:               'nfp/nfp_asm.h',
  [`${NFP}/nfp_net_ctrl.h`]:          'nfp/nfp_net_ctrl.h',
  'lib/math/reciprocal_div.c':         'reciprocal_div.c',
  'include/linux/reciprocal_div.h':    'include/linux/reciprocal_div.h',
  'include/uapi/linux/bpf.h':          'include/uapi/linux/bpf.h',
  'include/uapi/linux/bpf_common.h':   'include/uapi/linux/bpf_common.h',
}

/** C files of the driver below a build folder. */
export const DRIVER_SOURCES: readonly string[] = Object.values(WANTED).filter((path) => path.endsWith('.c'))

/** Where Debian puts its kernel source. */
const TARBALL = '/usr/src/linux-source-6.12.tar.xz'

/**
 * Puts the driver's files into `folder`: from the tree `kernelTree` where it has them, else from Debian's tarball of
 * Linux 6.12.
 *
 * @returns why there are none, or undefined
 */
export function collectDriverSource(folder: string, kernelTree: string | undefined): string | undefined {
  if (kernelTree !== undefined && Object.keys(WANTED).every((path) => existsSync(join(kernelTree, path)))) {
    copyFrom(kernelTree, folder)
    return undefined
  }
  if (!existsSync(TARBALL)) return 'no source of the nfp driver: set KERNEL_TREE or install linux-source-6.12'
  const tree = mkdtempSync(join(tmpdir(), 'bpfoundry-nfp-source-'))
  try {
    const members = Object.keys(WANTED).map((path) => `linux-source-6.12/${path}`)
    // tar reads on to the end of the archive unless told that each member comes once.
    const options = ['-xJf', TARBALL, '-C', tree, '--strip-components=1', '--occurrence=1']
    execFileSync('tar', [...options, ...members], { stdio: ['ignore', 'ignore', 'pipe'] })
    copyFrom(tree, folder)
    return undefined
  } catch (error) {
    return `can't unpack ${TARBALL}: ${String(error).split('\n')[0]}`
  } finally {
    rmSync(tree, { recursive: true, force: true })
  }
}

function copyFrom(tree: string, folder: string): void {
  for (const [from, to] of Object.entries(WANTED)) {
    const target = join(folder, to)
    mkdirSync(dirname(target), { recursive: true })
    copyFileSync(join(tree, from), target)
  }
}

/** Names of the shim's files, for a key of what was built. */
export function filesOf(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
}
