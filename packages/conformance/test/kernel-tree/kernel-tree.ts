import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What the suites read of a kernel tree: files, folders with all that they hold, and `*` within one folder. */
const WANTED = [
  'arch/x86/include/uapi',
  'lib/test_bpf.c',
  'include/linux/filter.h',
  'include/uapi',
  'net/bpf/test_run.*',
  'scripts/bpf_doc.py',
  'tools/include',
  'tools/lib/bpf/*.h',
  'tools/testing/selftests/bpf/test_verifier.c',
  'tools/testing/selftests/bpf/*.h',
  'tools/testing/selftests/bpf/*/*.h',
  'tools/testing/selftests/bpf/*/bpf_test*.c',
  'tools/testing/selftests/bpf/progs',
  'tools/testing/selftests/bpf/verifier',
] as const

/** Where a distribution puts its kernel source. */
const TARBALLS = '/usr/src'

/** A kernel tree of the user's, or why there is none. */
export type FoundKernelTree = { readonly folder: string } | { readonly missing: string }

/**
 * The tree that `KERNEL_TREE` names, else what Debian's newest `linux-source-*` package holds: of its tarball the wanted
 * files are unpacked once into a cache below the temporary folder.
 */
export function findKernelTree(): FoundKernelTree {
  const named = process.env['KERNEL_TREE']
  if (named !== undefined) {
    const absent = WANTED.filter((path) => !path.includes('*') && !existsSync(join(named, path)))
    return absent.length === 0 ? { folder: named } : { missing: `KERNEL_TREE lacks ${absent.join(', ')}` }
  }
  const tarball = newestTarball()
  if (tarball === undefined) return { missing: 'no kernel tree: set KERNEL_TREE or install linux-source-6.12' }
  return unpack(tarball)
}

function newestTarball(): string | undefined {
  if (!existsSync(TARBALLS)) return undefined
  const found = readdirSync(TARBALLS).filter((name) => /^linux-source-[\d.]+\.tar\.xz$/.test(name))
  const newest = found.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1)
  return newest === undefined ? undefined : join(TARBALLS, newest)
}

function unpack(tarball: string): FoundKernelTree {
  const { size, mtimeMs } = statSync(tarball)
  const key = createHash('sha256')
    .update(JSON.stringify([tarball, size, mtimeMs, WANTED]))
    .digest('hex')
    .slice(0, 16)
  const folder = join(tmpdir(), `bpfoundry-kernel-tree-${key}`)
  if (existsSync(folder)) return { folder }
  const fresh = `${folder}.${process.pid}`
  mkdirSync(fresh, { recursive: true })
  try {
    // Members start with the folder linux-source-<version>; `*` stands for no slash.
    const options = ['--strip-components=1', '--wildcards', '--no-wildcards-match-slash']
    const members = WANTED.map((path) => `*/${path}`)
    execFileSync('tar', ['-xJf', tarball, '-C', fresh, ...options, ...members], { stdio: ['ignore', 'ignore', 'pipe'] })
    renameSync(fresh, folder)
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true })
    // Another process may have been quicker.
    if (!existsSync(folder)) return { missing: `can't unpack ${tarball}: ${String(error).split('\n')[0]}` }
  }
  return { folder }
}
