import { kernelOracle } from '@bpfoundry/kernel-oracle'
import { afterAll, describe, expect, test } from 'vitest'
import { createRunningKernel } from '../../../src/kernel-oracle/running-kernel.ts'
import { KernelTree } from '../../../src/kernel-tree/kernel-tree.ts'
import { progsFiles } from '../../../src/kernel-tree/progs/progs-files.ts'
import { judge } from '../../../src/report/judge.ts'
import { askVector } from '../../../src/verified/vector-kernel.ts'
import { findKernelTree } from '../kernel-tree.ts'

/**
 * Files of tests whose verdicts, logs and results no kernel since 6.12 has changed: maps, inner maps, globals, packets,
 * elements set beforehand, runs, subprograms with BTF.
 */
const QUICK = ['and', 'array_access', 'map_in_map', 'meta_access']
const FULL = ['cgroup_storage', 'div0', 'stack_ptr', 'xadd']
const FILES = process.env['FULL'] === '1' ? [...QUICK, ...FULL] : QUICK

/** Differs: since 6.18 fewer instructions are processed. */
const CHANGED = /:map_in_map_state_pruning$/

const found = findKernelTree()
const oracle = kernelOracle()
const missing = 'missing' in found ? found.missing : 'unavailable' in oracle ? oracle.unavailable : undefined
if (missing !== undefined) process.stderr.write(`skipped: ${FILES.length} files on the running kernel: ${missing}\n`)
else if (FILES === QUICK)
  process.stderr.write(`skipped: ${FULL.length} files on the running kernel; FULL=1 asks it all\n`)

describe.skipIf(missing !== undefined)('on the running kernel, annotated programs do as they say', () => {
  if ('missing' in found || 'unavailable' in oracle) return
  const kernel = createRunningKernel(oracle)
  const files = progsFiles(new KernelTree(found.folder), { compiler: 'never' })
  afterAll(() => oracle.close())

  test.each(FILES)('verifier_%s.c', (name) => {
    const file = files.find((one) => one.file.endsWith(`/verifier_${name}.c`))
    const differs: unknown[] = []
    let asked = 0
    for (const { id, privilege, question } of file?.read().cases ?? []) {
      const asks = question()
      // Kernels mostly refuse programs of the unprivileged before they look at them.
      if (asks.kind !== 'vector' || privilege !== 'full' || CHANGED.test(id)) continue
      asked++
      const answer = judge(askVector(kernel, asks.vector), asks.vector.expect)
      if (answer.pass !== true) differs.push([id, answer.differs])
    }
    expect(asked).toBeGreaterThan(0)
    expect(differs).toEqual([])
  })
})
