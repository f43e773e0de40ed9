import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type FieldSpec, structLayout } from '../src/index.ts'

const C_TYPES = { u8: 'uint8_t', u16: 'uint16_t', u32: 'uint32_t', u64: 'uint64_t', f64: 'double', ptr: 'void *' }

/** Size, alignment and offsets of many structures as the C compiler has them. */
function compiledLayouts(specs: readonly (readonly FieldSpec[])[]): number[][] {
  const folder = mkdtempSync(join(tmpdir(), 'struct-layout-'))
  try {
    const structs = specs.map((fields, n) => {
      const members = fields.map((field, index) => {
        const [type, count] = typeof field === 'string' ? [field, undefined] : field
        return `${C_TYPES[type]} f${index}${count === undefined ? '' : `[${count}]`};`
      })
      const offsets = fields.map((_, index) => `printf(" %zu", offsetof(struct s${n}, f${index}));`)
      const open = `printf("%zu %zu", sizeof(struct s${n}), _Alignof(struct s${n}));`
      return [`struct s${n} { ${members.join(' ')} };`, `${open} ${offsets.join(' ')} puts("");`]
    })
    const head = '#include <stddef.h>\n#include <stdint.h>\n#include <stdio.h>\n'
    const source = `${head}${structs.map(([type]) => type).join('\n')}\nint main(void) {\n${structs.map(([, print]) => print).join('\n')}\n}\n`
    writeFileSync(join(folder, 'a.c'), source)
    execFileSync('gcc', ['-o', join(folder, 'a'), join(folder, 'a.c')])
    const output = execFileSync(join(folder, 'a'), { encoding: 'utf8' })
    return output
      .trim()
      .split('\n')
      .map((line) => line.split(' ').map(Number))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function hasCompiler(): boolean {
  try {
    execFileSync('gcc', ['--version'], { stdio: 'ignore' })
    return process.arch === 'x64' || process.arch === 'arm64'
  } catch {
    return false
  }
}

describe('structLayout', () => {
  it('places fields where the C compiler does', (ctx) => {
    if (!hasCompiler()) ctx.skip('no gcc for a 64-bit machine here')
    const type = fc.constantFrom('u8', 'u16', 'u32', 'u64', 'f64', 'ptr')
    const field = fc.oneof(type, fc.tuple(type, fc.integer({ min: 1, max: 20 })))
    const specs = fc.sample(fc.array(field, { minLength: 1, maxLength: 12 }), { numRuns: 200, seed: 1 })
    const compiled = compiledLayouts(specs)
    for (const [n, fields] of specs.entries()) {
      const layout = structLayout(Object.fromEntries(fields.map((one, index) => [`f${index}`, one])))
      const offsets = fields.map((_, index) => layout.fields[`f${index}`]?.offsetBytes)
      expect([layout.sizeBytes, layout.alignBytes, ...offsets]).toEqual(compiled[n])
    }
  })

  it('gives the size of an array field as a whole', () => {
    const { fields } = structLayout({ id: 'u32', name: ['u8', 16] })
    expect(fields.name).toEqual({ offsetBytes: 4, sizeBytes: 16, type: 'u8' })
  })
})
