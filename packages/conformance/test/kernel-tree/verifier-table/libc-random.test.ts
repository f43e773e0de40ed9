import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { LibcRandom } from '../../../src/kernel-tree/verifier-table/libc-random.ts'

const values = (seed: number, count: number): number[] => {
  const random = new LibcRandom(seed)
  return Array.from({ length: count }, () => random.next())
}

// What glibc's rand() gives; the first lines are known from many a book.
it.each([
  [1, [1804289383, 846930886, 1681692777, 1714636915, 1957747793]],
  [42, [71876166, 708592740, 1483128881, 907283241, 442951012]],
])('after srand(%i)', (seed, first) => {
  expect(values(seed, 5)).toEqual(first)
})

const python = spawnSync('python3', ['--version']).error === undefined

it('as the C library of this host, ten thousand values a seed', ({ skip }) => {
  if (!python) return skip('no python3')
  const program = `
import ctypes
libc = ctypes.CDLL(None)
if not hasattr(libc, "gnu_get_libc_version"): raise SystemExit("not glibc")
for seed in (0, 1, 2, 123456789, 2**31 - 1, 2**32 - 5):
    libc.srand(ctypes.c_uint(seed))
    print(seed, *[libc.rand() for _ in range(10000)])`
  const run = spawnSync('python3', ['-c', program], { encoding: 'utf8' })
  if (run.stderr.includes('not glibc')) return skip('the C library is not glibc')
  for (const line of run.stdout.trim().split('\n')) {
    const [seed, ...theirs] = line.split(' ').map(Number) as [number, ...number[]]
    expect(values(seed, theirs.length), `seed ${seed}`).toEqual(theirs)
  }
  expect(run.stdout.split('\n').length).toBe(7)
})
