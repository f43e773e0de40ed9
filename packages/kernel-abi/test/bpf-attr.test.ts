import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import * as abi from '../src/index.ts'

/** Our layout, where its fields stand in union bpf_attr, and our names for a union's members. */
const LAYOUTS: readonly (readonly [
  name: string,
  layout: abi.AttrLayout,
  prefix: string,
  other: Record<string, string>,
])[] = [
  ['MAP_CREATE', abi.MAP_CREATE_ATTR, '', {}],
  ['MAP_ELEM', abi.MAP_ELEM_ATTR, '', {}],
  ['MAP_BATCH', abi.MAP_BATCH_ATTR, 'batch.', {}],
  ['PROG_LOAD', abi.PROG_LOAD_ATTR, '', {}],
  ['PROG_TEST_RUN', abi.PROG_TEST_RUN_ATTR, 'test.', {}],
  ['BTF_LOAD', abi.BTF_LOAD_ATTR, '', {}],
  ['OBJ_INFO', abi.OBJ_INFO_ATTR, 'info.', {}],
  ['GET_ID', abi.GET_ID_ATTR, '', { id: 'start_id' }],
]

/** Fields younger than the oldest <linux/bpf.h> that the tests meet (6.1). */
const YOUNGER = new Set([
  'map_token_fd',
  'value_type_btf_obj_fd',
  'log_true_size',
  'prog_token_fd',
  'btf_log_true_size',
  'btf_flags',
  'btf_token_fd',
])

function withGcc<T>(ctx: TestContext, run: (directory: string) => T): T {
  if (spawnSync('gcc', ['-E', '-include', 'linux/bpf.h', '-x', 'c', '/dev/null']).status !== 0) {
    ctx.skip('needs gcc and <linux/bpf.h>')
  }
  const directory = mkdtempSync(join(tmpdir(), 'bpf-attr-'))
  try {
    return run(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** Compiles and runs `main` with <linux/bpf.h>; the words it prints, or undefined when it does not compile. */
function runC(directory: string, main: string): string[] | undefined {
  const source = join(directory, 'probe.c')
  const program = join(directory, 'probe')
  writeFileSync(
    source,
    `#include <stdio.h>\n#include <stddef.h>\n#include <linux/bpf.h>\nint main(void) {\n${main}\n}\n`,
  )
  if (spawnSync('gcc', ['-o', program, source]).status !== 0) return undefined
  return execFileSync(program, { encoding: 'utf8' }).trim().split(/\s+/)
}

const print = (field: string): string =>
  `printf("%zu %zu ", offsetof(union bpf_attr, ${field}), sizeof(((union bpf_attr *)0)->${field}));`

describe('bpf_attr layouts, against <linux/bpf.h> as gcc sees it', () => {
  for (const [name, layout, prefix, other] of LAYOUTS) {
    it(name, (ctx) => {
      withGcc(ctx, (directory) => {
        const fields = Object.entries(layout)
        const all = fields.map(([field]) => `${prefix}${other[field] ?? field}`)
        const young = fields.map(([field]) => YOUNGER.has(field))
        const known = runC(directory, all.map(print).join('\n')) === undefined ? all.filter((_, at) => !young[at]) : all
        const words = runC(directory, known.map(print).join('\n'))?.map(Number)
        const ours = fields.filter((_, at) => known.includes(all[at] ?? ''))
        expect(words).toEqual(ours.flatMap(([, place]) => place))
      })
    })
  }

  it('numbers commands, attach types and map types as the header does', (ctx) => {
    withGcc(ctx, (directory) => {
      const rows: [string, number][] = [
        ...Object.entries(abi.BPF_CMD).filter(([, value]) => value <= 35),
        ...Object.entries(abi.ATTACH_TYPE).filter(([, value]) => value <= 43),
        ...Object.entries(abi.MAP_TYPE)
          .filter(([, value]) => value <= 31)
          .map(([name, value]): [string, number] => [`MAP_TYPE_${name}`, value]),
        ...Object.entries(abi.PROG_TYPE)
          .filter(([, value]) => value <= 31)
          .map(([name, value]): [string, number] => [`PROG_TYPE_${name}`, value]),
      ]
      const words = runC(directory, rows.map(([name]) => `printf("%d ", BPF_${name});`).join('\n'))
      expect(words).toEqual(rows.map(([, value]) => String(value)))
    })
  })

  it('numbers helpers as the header does', (ctx) => {
    withGcc(ctx, (directory) => {
      const helpers = abi.HELPERS.filter((helper) => helper !== undefined && helper.since !== '6.2')
      const main = helpers.map((helper) => `printf("%d ", BPF_FUNC_${helper?.name.slice(4)});`)
      expect(runC(directory, main.join('\n'))).toEqual(helpers.map((helper) => String(helper?.id)))
    })
  })
})
