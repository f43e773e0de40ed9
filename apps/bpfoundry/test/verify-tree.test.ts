import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findClang } from '@bpfoundry/conformance'
import { profileFor } from '@bpfoundry/kernel-abi'
import { kernelOracle } from '@bpfoundry/kernel-oracle'
import { afterAll, describe, expect, it } from 'vitest'
import { bpfoundry } from './command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-tree-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A tree of three files: one accepts and refuses, one does not compile, one has no program. */
function tree(): string {
  const progs = join(folder, 'tools/testing/selftests/bpf/progs')
  mkdirSync(progs, { recursive: true })
  const section = '#define SEC(name) __attribute__((section(name), used))\n'
  const license = 'char _license[] SEC("license") = "GPL";\n'
  const good = 'SEC("xdp") int pass(void *ctx) { return 2; }\n'
  const bad = 'SEC("xdp") int read(int *ctx) { return ctx[100]; }\n'
  writeFileSync(join(progs, 'both.c'), section + good + bad + license)
  writeFileSync(join(progs, 'broken.c'), 'int x = ;\n')
  writeFileSync(join(progs, 'section.c'), `${section}SEC("own_name") int p(void *ctx) { return 0; }\n${license}`)
  return folder
}

describe('verify --kernel-tree', () => {
  it('compiles and judges every program, and counts what can not be', async (ctx) => {
    if ('missing' in findClang()) return ctx.skip('no clang')
    const { code, stdout } = await bpfoundry('verify', '--kernel-tree', tree(), '--json', '--profile', '6.12')
    const { verdicts, ...tally } = JSON.parse(stdout)
    expect(code).toBe(0)
    expect(tally).toMatchObject({ $schema: 'bpfoundry.verify-tree/1', profile: '6.12', files: 3, compiled: 2, read: 1 })
    expect(tally).toMatchObject({ programs: 2, outcomes: { accepted: 1, refused: 1, unsupported: 0 } })
    expect(tally.problems).toMatchObject([
      { file: expect.stringMatching(/broken\.c$/), step: 'compile' },
      { file: expect.stringMatching(/section\.c$/), step: 'read', message: expect.stringContaining('own_name') },
    ])
    expect(verdicts).toMatchObject([
      { program: 'pass', section: 'xdp', outcome: 'accepted', here: { insnsProcessed: 2 } },
      {
        program: 'read',
        outcome: 'refused',
        here: { of: 'program', errno: 13, reason: expect.stringContaining('invalid') },
      },
    ])
  })

  it('asks the running kernel, by the rules of its release', async (ctx) => {
    if ('missing' in findClang()) return ctx.skip('no clang')
    const oracle = kernelOracle()
    if ('unavailable' in oracle) return ctx.skip(oracle.unavailable)
    oracle.close()
    const { code, stdout } = await bpfoundry('verify', '--kernel-tree', tree(), '--oracle', 'kernel', '--json')
    const { verdicts, profile, kernel } = JSON.parse(stdout)
    expect([code, kernel, profile]).toEqual([0, oracle.release, profileFor(oracle.release)])
    expect(verdicts).toMatchObject([
      { outcome: 'accepted', kernel: { verdict: 'accepted', insnsProcessed: 2 } },
      { outcome: 'refused', kernel: { verdict: 'refused', errno: 13, reason: expect.stringContaining('invalid') } },
    ])
  })

  it('is a table for people', async (ctx) => {
    if ('missing' in findClang()) return ctx.skip('no clang')
    const { stdout } = await bpfoundry('verify', '--kernel-tree', tree(), '--filter', 'both')
    expect(stdout).toMatch(/^by the rules of 6\.12, types of /)
    expect(stdout).toMatch(/\nprograms +2\naccepted +1\nrefused +1\n/)
  })

  it.each([
    [['verify'], 'no object given'],
    [['verify', 'a.o', '--kernel-tree', '.'], 'objects and a kernel tree given'],
    [['verify', '--kernel-tree', '.', '--profile', 'all'], 'a kernel tree is judged for one release'],
  ])('%j is a wrong use', async (args, words) => {
    const { code, stderr } = await bpfoundry(...args)
    expect([code, stderr]).toEqual([2, expect.stringContaining(words)])
  })
})
