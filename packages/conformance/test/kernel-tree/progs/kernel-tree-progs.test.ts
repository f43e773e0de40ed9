import { beforeAll, describe, expect, test } from 'vitest'
import { KernelTree } from '../../../src/kernel-tree/kernel-tree.ts'
import type { AnnotatedFunction } from '../../../src/kernel-tree/progs/annotated-object.ts'
import { ANNOTATIONS, type AnnotationRow } from '../../../src/kernel-tree/progs/annotation-table.ts'
import { ObjectMaker } from '../../../src/kernel-tree/progs/object-maker.ts'
import { progsFiles } from '../../../src/kernel-tree/progs/progs-files.ts'
import type { SuiteCase, SuiteFile } from '../../../src/kernel-tree/suite-case.ts'
import { findKernelTree } from '../kernel-tree.ts'

/** FULL=1: every file, some 20 s. */
const everything = process.env['FULL'] === '1'

/** A few of every kind: of both modes, with setups, prog arrays, other architectures, messages, C. */
const SHORT = /\/verifier_(?:array_access|div0|ldsx|mtu|tailcall_jit)\.c$/

/**
 * Of tools/testing/selftests/bpf/progs/verifier_*.c of 6.12, counted by another program: uses of annotations, equal ones
 * of a function once; and the programs that have them. The kernel has one more, on a function that is no program.
 */
const COUNTS: Readonly<Record<string, readonly [programs: number, uses?: number]>> = {
  __success: [821],
  __failure: [533],
  __success_unpriv: [216],
  __failure_unpriv: [231],
  __msg: [602, 1006],
  __msg_unpriv: [157],
  __retval: [559],
  __xlated: [45, 332],
  __jited: [2],
  __log_level: [100],
  __flag: [184],
  __arch: [44],
  __description: [1107],
}

const found = findKernelTree()
const PROGS = 'tools/testing/selftests/bpf/progs/'
const files = 'missing' in found ? [] : progsFiles(new KernelTree(found.folder), { compiler: 'never' })
const verifierFiles = files.filter(({ file }) => file.startsWith(`${PROGS}verifier_`))
const chosen: readonly SuiteFile[] = everything ? verifierFiles : files.filter(({ file }) => SHORT.test(file))

if ('missing' in found) process.stderr.write(`skipped: 4 tests of the kernel tree's programs: ${found.missing}\n`)
else if (!everything) {
  process.stderr.write(`skipped: ${verifierFiles.length - chosen.length} files progs/verifier_*.c; FULL=1 reads them\n`)
}

describe.skipIf('missing' in found)("the kernel tree's annotated programs", () => {
  let cases: readonly SuiteCase[] = []
  let problems: readonly Error[] = []

  beforeAll(() => {
    const readings = chosen.map((file) => file.read())
    cases = readings.flatMap((reading) => reading.cases)
    problems = readings.flatMap((reading) => reading.problems)
  }, 120_000)

  test('every annotation is known, every case has an id of its own', () => {
    expect(problems).toEqual([])
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length)
  })

  test('every question is a vector, or has a reason why there is none', () => {
    const reasons = new Set<string>()
    for (const one of cases) {
      const question = one.question()
      if (question.kind !== 'vector') reasons.add((question as { reason: string }).reason)
      else expect(question.vector).toMatchObject({ id: one.id, expect: { load_ok: expect.any(Boolean) } })
    }
    for (const reason of reasons) {
      expect(['needs-clang', 'needs-kernel-btf', 'needs-module', 'other-architecture']).toContain(reason)
    }
  })

  test('what the C of the kernel does around tests is done', () => {
    const vectors = cases.flatMap((one) => {
      const question = one.question()
      return question.kind === 'vector' ? [question.vector] : []
    })
    const filled = vectors.filter(({ id }) => String(id).includes('verifier_array_access.c'))
    const values = filled.flatMap(({ maps }) => maps.flatMap(({ fill }) => fill.map(([, value]) => value)))
    expect(values.some((value) => value instanceof Uint8Array && value[0] === 28 && value[31] === 0xab)).toBe(
      filled.length > 0,
    )
    for (const { id, privilege } of vectors) {
      if (String(id).includes('verifier_mtu.c')) expect(privilege).toBe('no-perfmon')
    }
  })

  test('95 files, 1355 tests; annotations as counted otherwise', ({ skip }) => {
    if (!everything) return skip('FULL=1 reads all files')
    if (verifierFiles.length !== 95) return skip(`counts are of 6.12; this tree has ${verifierFiles.length} such files`)
    expect(cases.filter(({ privilege }) => privilege === 'full')).toHaveLength(1355)
    const maker = new ObjectMaker(new KernelTree('folder' in found ? found.folder : ''), { compiler: 'never' })
    const functions = verifierFiles.flatMap(({ file }) => maker.open(file).functions)
    expect(functions.filter(({ tags }) => tags.length > 0)).toHaveLength(1369)
    const counted = countAnnotations(functions)
    process.stderr.write(`${[...counted].map(([macro, counts]) => `${macro} ${counts.join('/')}`).join(', ')}\n`)
    for (const [macro, [programs, uses]] of Object.entries(COUNTS)) {
      expect([macro, counted.get(macro)?.[0]]).toEqual([macro, programs])
      if (uses !== undefined) expect([macro, counted.get(macro)?.[1]]).toEqual([macro, uses])
    }
  })
})

/** By macro: programs that have it, and its uses. */
function countAnnotations(functions: readonly AnnotatedFunction[]): ReadonlyMap<string, [number, number]> {
  const counts = new Map<string, [number, number]>()
  for (const { tags } of functions) {
    const rows = tags.map((tag) => ANNOTATIONS.get(tag.replace('comment:', '').split('=')[0] ?? '') as AnnotationRow)
    for (const { macro } of rows) counts.set(macro, bump(counts.get(macro), 0, 1))
    for (const macro of new Set(rows.map((row) => row.macro))) counts.set(macro, bump(counts.get(macro), 1, 0))
  }
  return counts
}

function bump([programs, uses]: [number, number] = [0, 0], morePrograms: number, moreUses: number): [number, number] {
  return [programs + morePrograms, uses + moreUses]
}
