import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CaseResult } from '@bpfoundry/conformance'
import { afterAll, describe, expect, test } from 'vitest'
import type { TreeSource } from '../src/index.ts'
import { ResultOrder } from '../src/plan/result-order.ts'
import { cutShards, type Inspection, singles } from '../src/plan/shard.ts'
import { SourceReader } from '../src/plan/source-reader.ts'

const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-plan-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const FILE = 'tools/testing/selftests/bpf/verifier/tiny.c'

/** A table of one case, in a tree of its own. */
function tree(name: string, retval: number): TreeSource {
  const top = join(folder, name)
  mkdirSync(join(top, FILE, '..'), { recursive: true })
  writeFileSync(join(top, FILE), `{ "tiny", .insns = { }, .result = ACCEPT, .retval = ${retval}, },\n`)
  return { kind: 'kernel-tree', folder: top, suite: 'verifier', file: FILE, options: {} }
}

const QUESTIONING = { engines: ['interpreter'], timeLimitMs: 1000 }

const inspection = (source: TreeSource, questions: number): Inspection => ({
  source,
  digest: 'd',
  questions,
  wanted: questions,
  cases: questions,
  problems: [],
})

describe('shards', () => {
  test('a source is cut in order, without gaps; one without wanted cases has none', () => {
    const source = tree('cut', 0)
    const shards = cutShards([inspection(source, 100), { ...inspection(source, 7), wanted: 0 }], QUESTIONING)
    expect(shards.map(({ from, to }) => [from, to])).toEqual([
      [0, 48],
      [48, 96],
      [96, 100],
    ])
    expect(new Set(shards.map(({ key }) => key)).size).toBe(3)
  })

  test('the key is of what is asked, wherever the tree lies', () => {
    const key = (source: TreeSource, more = {}): string | undefined =>
      cutShards([inspection(source, 1)], { ...QUESTIONING, ...more })[0]?.key
    expect(key(tree('here', 0))).toBe(key(tree('there', 0)))
    expect(key(tree('here', 0))).not.toBe(key(tree('here', 0), { engines: ['wasm'] }))
    expect(key(tree('here', 0))).not.toBe(key(tree('here', 0), { oracle: 'kernel' }))
  })

  test('one that loses its workers falls into its cases; a single one does not', () => {
    const [shard] = cutShards([inspection(tree('singles', 0), 3)], QUESTIONING)
    const parts = shard === undefined ? [] : singles(shard)
    expect(parts.map(({ from, to }) => [from, to])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ])
    expect(parts.flatMap(singles)).toEqual([])
  })
})

describe('results', () => {
  const item = (id: string): { index: number; result: CaseResult } => ({ index: 0, result: { id } as CaseResult })

  test('come in the order of the plan, whichever shard is ready first', () => {
    const seen: string[] = []
    const order = new ResultOrder(3, ({ id }) => seen.push(id))
    order.add(1, item('b'))
    order.add(0, item('a1'))
    expect(seen).toEqual(['a1'])
    order.finish(1)
    order.add(0, item('a2'))
    order.finish(0)
    order.add(2, item('c'))
    expect(seen).toEqual(['a1', 'a2', 'b', 'c'])
  })

  test('count once', () => {
    const seen: string[] = []
    const order = new ResultOrder(2, ({ id }) => seen.push(id))
    expect([order.add(0, item('a')), order.add(1, item('a')), order.add(0, item('a'))]).toEqual([true, false, false])
    order.flush()
    expect({ seen, duplicates: order.duplicates }).toEqual({ seen: ['a'], duplicates: 2 })
  })

  test('of a run that is stopped come as far as they are there', () => {
    const seen: string[] = []
    const order = new ResultOrder(3, ({ id }) => seen.push(id))
    order.add(2, item('c'))
    order.add(1, item('b'))
    order.flush()
    expect(seen).toEqual(['b', 'c'])
  })
})

describe('a source', () => {
  test('that is another than the campaign was planned with is refused', async () => {
    const { digest } = await new SourceReader().inspect(tree('planned', 1), undefined)
    await expect(new SourceReader().read(tree('same', 1), digest)).resolves.toMatchObject({ digest })
    await expect(new SourceReader().read(tree('other', 2), digest)).rejects.toMatchObject({
      code: 'CAMPAIGN_OTHER_TREE',
      where: { input: FILE },
    })
  })

  test('that is not there is refused', async () => {
    const source = { ...tree('lacking', 1), file: `${FILE}.orig` }
    await expect(new SourceReader().read(source)).rejects.toMatchObject({ code: 'CAMPAIGN_SOURCE' })
  })
})
