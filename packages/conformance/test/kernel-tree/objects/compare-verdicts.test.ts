import { describe, expect, it } from 'vitest'
import { compareVerdicts, generalWords } from '../../../src/kernel-tree/objects/compare-verdicts.ts'
import type { ObjectVerdict } from '../../../src/kernel-tree/objects/object-judge.ts'
import { TreeCounter } from '../../../src/kernel-tree/objects/tree-tally.ts'

const ACCEPTED: ObjectVerdict = { verdict: 'accepted' }
const refused = (reason: string, errno = 13): ObjectVerdict => ({ verdict: 'refused', of: 'program', errno, reason })
const UNSUPPORTED: ObjectVerdict = { verdict: 'unsupported', of: 'map', errno: 95, reason: 'arenas are not supported' }
const UNABLE: ObjectVerdict = { verdict: 'unable', of: 'program', errno: 1 }

describe('two verdicts on one program', () => {
  it.each([
    ['accept', ACCEPTED, ACCEPTED, 'accepted', undefined],
    ['refuse, whatever for', refused('a'), refused('b', 22), 'refused', undefined],
    ['differ: accepted here', ACCEPTED, refused('R3 !read_ok'), 'accepted-here', 'EACCES: R# !read_ok'],
    ['differ: refused here', refused('off 12 size 4'), ACCEPTED, 'refused-here', 'EACCES: off # size #'],
    [
      'are none where it is not told here',
      UNSUPPORTED,
      ACCEPTED,
      'unsupported',
      'map EOPNOTSUPP: arenas are not supported',
    ],
    ['are none where the kernel loads no such programs', refused('a'), UNABLE, 'unable', 'refused here'],
    ['are one where the kernel is not asked', ACCEPTED, undefined, 'accepted', undefined],
  ] as const)('%s', (_what, here, kernel, outcome, cause) => {
    expect(compareVerdicts(here, kernel)).toEqual(cause === undefined ? { outcome } : { outcome, cause })
  })

  it('share a cause where words differ in numbers and names of programs only', () => {
    expect(generalWords("program 'p': invalid access, off=0x1f size=-8 R10")).toBe('invalid access, off=# size=-# R#')
    expect(generalWords("program 'q' needs 'x' in an arena")).toBe("needs 'x' in an arena")
  })
})

describe('a tally', () => {
  it('counts files by how far they came, programs by outcome, and causes with the first that has them', () => {
    const counter = new TreeCounter()
    counter.addObject({ file: 'p/a.c', problem: { step: 'compile', message: 'no' } })
    counter.addObject({ file: 'p/b.c', problem: { step: 'read', message: 'no' } })
    counter.addObject({ file: 'p/c.c' })
    const program = { file: 'p/c.c', section: 'xdp' }
    counter.addVerdict({ ...program, program: 'one', outcome: 'unsupported', cause: 'x' })
    counter.addVerdict({ ...program, program: 'two', outcome: 'unsupported', cause: 'x' })
    counter.addVerdict({ ...program, program: 'three', outcome: 'accepted' })
    expect(counter.tally()).toMatchObject({
      ...{ files: 3, compiled: 2, read: 1, programs: 3 },
      outcomes: { accepted: 1, unsupported: 2, 'refused-here': 0 },
      causes: [{ outcome: 'unsupported', cause: 'x', programs: 2, example: 'c.c:one' }],
      problems: [{ file: 'p/a.c' }, { file: 'p/b.c' }],
    })
  })
})
