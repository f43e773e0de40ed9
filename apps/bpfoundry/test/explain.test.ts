import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Kernel, ProgramRejected } from '@bpfoundry/kernel'
import { Collection, type CollectionSpec, loadCollectionSpec } from '@bpfoundry/loader'
import { describe, expect, it } from 'vitest'
import { type Explanation, explain } from '../src/explain/explanation.ts'
import { explanationText } from '../src/explain/explanation-text.ts'
import { sarifLog } from '../src/explain/sarif.ts'
import { fixturePath } from '../src/fixture-path.ts'
import { ReleaseMatrix, releaseText } from '../src/releases/release-matrix.ts'
import { bpfoundry } from './command-line.ts'

function spec(name: string): CollectionSpec {
  return loadCollectionSpec(readFileSync(fixturePath(`programs/${name}.v3.o`)), { name })
}

function explained(name: string, program: string): Explanation {
  const collection = spec(name)
  try {
    Collection.create(collection, { kernel: Kernel.create(), programs: [program] })
  } catch (error) {
    if (!(error instanceof ProgramRejected)) throw error
    const known = collection.programs.get(program)
    if (known !== undefined) return explain(known, error.rejection, error.refusedPath())
  }
  throw new Error(`${program} was not refused`)
}

describe('a refusal is explained', () => {
  const explanation = explained('refused/packet_read_past_check', 'packet_read_past_check')

  it('with the code, the line, what the register held, and what would mend it', () => {
    expect(explanation).toMatchObject({
      code: 'VERIFIER_PACKET_BOUNDS',
      message: expect.stringContaining('invalid access to packet'),
      hint: expect.stringContaining('data_end'),
      source: { file: expect.stringMatching(/packet_read_past_check\.bpf\.c$/), line: expect.any(Number) },
      operands: [{ value: expect.stringContaining('pkt(') }],
    })
    expect(explanation.insn).toMatch(/^r\d = \*\(|^w\d = \*\(/)
  })

  it('with the path in lines of the source, the refused one last', () => {
    const last = explanation.path.at(-1)
    expect(last).toMatchObject({ file: explanation.source?.file, line: explanation.source?.line })
    expect(explanation.path.length).toBeGreaterThan(1)
  })

  it('for people', () => {
    const text = explanationText('o: p', explanation)
    expect(text).toMatch(/^o: p is refused: invalid access to packet/)
    expect(text).toMatch(/ {2}where {2}packet_read_past_check\.bpf\.c:\d+: /)
    expect(text).toMatch(/ {2}mend {3}compare with data_end/)
    expect(text).toMatch(/\n {2}the shortest path, 7 instructions:\n/)
    expect(text).toMatch(/if \(\(void \*\)\(eth \+ 1\) > DATA_END\(ctx\)\)\n +r1 = pkt\(r=14\)\n/)
  })

  it('as SARIF, at its line, with the path as a code flow', () => {
    const log = sarifLog([{ object: 'p.o', program: 'p', explanation }])
    expect(log).toMatchObject({
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'bpfoundry', rules: [{ id: 'VERIFIER_PACKET_BOUNDS' }] } },
          results: [
            {
              ruleId: 'VERIFIER_PACKET_BOUNDS',
              level: 'error',
              locations: [{ physicalLocation: { region: { startLine: explanation.source?.line } } }],
              codeFlows: [{ threadFlows: [{ locations: explanation.path.map(() => expect.anything()) }] }],
            },
          ],
        },
      ],
    })
  })

  it('as SARIF, with the values of each step', () => {
    const log = JSON.stringify(sarifLog([{ object: 'p.o', program: 'p', explanation }]))
    expect(log).toContain('"state":{"r1":{"text":"pkt(r=14)"}}')
  })

  it('with the first path where no shorter one is searched', () => {
    const told = explained('refused/infinite_loop', 'infinite_loop')
    expect(told.found).toMatchObject({ isShortest: false, isCut: false, followed: 0 })
    expect(explanationText('o: p', told)).toMatch(/\n {2}the path, \d+ instructions/)
  })

  it('a loop is told round by round, of a long path the end', () => {
    const { path } = explained('refused/infinite_loop', 'infinite_loop')
    expect(path.length).toBeGreaterThan(0)
    expect(path.length).toBeLessThanOrEqual(40)
  })
})

describe('releases that a program loads on', () => {
  it('from the first on that has all it needs, with what the others lack', () => {
    const row = new ReleaseMatrix().judge('loops.o', spec('loops/loops'), 'check_mss')
    expect(row.since).toBe('5.4')
    expect(row.releases.map(({ verdict }) => verdict)).toEqual([
      ...Array<string>(2).fill('refused'),
      ...Array<string>(7).fill('accepted'),
    ])
    expect(row.requirements[0]).toMatchObject({
      since: '5.3',
      what: 'loops',
      source: { text: expect.stringMatching(/^for/) },
    })
    expect(releaseText([row])).toMatch(/^loops\.o +check_mss +xdp +- +- +yes( +yes){6} +5\.4$/m)
  })

  it('from none on where the program is wrong', () => {
    const row = new ReleaseMatrix().judge('o', spec('refused/packet_read_past_check'), 'packet_read_past_check')
    expect(row.since).toBeUndefined()
    expect(row.rejection).toMatchObject({ release: '6.18', code: 'VERIFIER_PACKET_BOUNDS' })
    expect(releaseText([row])).toContain('refused for 6.18: ')
  })
})

describe('bpfoundry verify', () => {
  const refused = fixturePath('programs/refused/packet_read_past_check.v3.o')
  const loops = fixturePath('programs/loops/loops.v3.o')

  it('--explain --json carries the explanation', async () => {
    const { code, stdout } = await bpfoundry('verify', refused, '--explain', '--json')
    expect(code).toBe(1)
    expect(JSON.parse(stdout).programs).toMatchObject([
      { verdict: 'refused', explanation: { code: 'VERIFIER_PACKET_BOUNDS' } },
    ])
  })

  it('--sarif writes a file, whole', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'bpfoundry-sarif-')), 'log.sarif')
    expect((await bpfoundry('verify', refused, loops, '--sarif', path)).code).toBe(1)
    expect(JSON.parse(readFileSync(path, 'utf8')).runs[0].results).toHaveLength(1)
    rmSync(dirname(path), { recursive: true })
  })

  it('--profile judges for a release, --profile all for each', async () => {
    expect((await bpfoundry('verify', loops, '--profile', '5.4')).code).toBe(0)
    const old = await bpfoundry('verify', loops, '--profile', '4.19')
    expect(old).toMatchObject({ code: 1, stdout: expect.stringContaining('Linux 4.19 has no loops: since 5.3') })
    const all = await bpfoundry('verify', loops, '--profile', 'all', '--json')
    expect(all.code).toBe(0)
    expect(JSON.parse(all.stdout)).toMatchObject({
      $schema: 'bpfoundry.verify-releases/1',
      programs: [{ since: '5.4' }],
    })
  })

  it('--max-insns is a budget', async () => {
    expect((await bpfoundry('verify', loops, '--max-insns', '2000')).code).toBe(0)
    expect((await bpfoundry('verify', loops, '--max-insns', '1000')).code).toBe(1)
  })

  // biome-ignore format: table
  it.each([
    ['an unknown release',      2, /--profile/,       ['--profile', '3.10']],
    ['a file it cannot write',  3, /CLI_UNWRITABLE/,  ['--sarif', '/proc/none/x.sarif']],
    ['a budget of nothing',     2, /--max-insns/,     ['--max-insns', '0']],
  ])('%s: one clear error, exit code %i', async (_, exit, says, options) => {
    const { code, stderr } = await bpfoundry('verify', loops, ...options)
    expect(stderr).toMatch(says)
    expect(code).toBe(exit)
  })
})
