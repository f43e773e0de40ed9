import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { everyKind } from '../fuzz/seed-types.ts'
import { BtfError, checkBtf, decodeBtf } from '../src/index.ts'
import { withFolder } from './compile.ts'

const RUNS = Number(process.env['BTF_KERNEL_RUNS'] ?? 4000)

/** Whether we take it; undefined for what we refuse on purpose though the kernel ignores it (docs/parity/btf.md). */
function isAccepted(bytes: Uint8Array, tagAttributes: boolean): boolean | undefined {
  try {
    checkBtf(decodeBtf(bytes), { tagAttributes })
    return true
  } catch (error) {
    if (!(error instanceof BtfError)) throw error
    return error.code === 'BTF_INFO' && error.message.startsWith('INT') ? undefined : false
  }
}

/** The same of the running kernel; or why it can't be asked. */
function askKernel(folder: string, blobs: readonly Uint8Array[]): readonly boolean[] | string {
  if (process.getuid?.() !== 0) return 'loading BTF needs root'
  const program = join(folder, 'btf-load')
  const built = spawnSync('gcc', ['-O1', '-o', program, join(import.meta.dirname, 'kernel/btf-load.c')], {
    encoding: 'utf8',
  })
  if (built.status !== 0) return `gcc with the kernel's headers: ${built.error?.message ?? built.stderr.split('\n')[0]}`
  const input = Buffer.concat(
    blobs.flatMap((blob) => {
      const length = Buffer.alloc(4)
      length.writeUInt32LE(blob.length)
      return [length, blob]
    }),
  )
  const { stdout } = spawnSync(program, { input, encoding: 'utf8', maxBuffer: 1 << 24 })
  const answers = stdout.trimEnd().split('\n').map(Number)
  return answers[0] === 1 ? 'this kernel does not let us load BTF' : answers.map((errno) => errno === 0)
}

/** Sound types with one to three words replaced by numbers that are likely to matter. */
function mutants(count: number): Uint8Array[] {
  const sound = everyKind().encode()
  const typeBytes = new DataView(sound.buffer).getUint32(12, true)
  const word = fc.oneof(fc.nat(40), fc.constantFrom(0xffffffff, 0x80000000, 64, 128, 256, 1 << 16), fc.nat(0xffffffff))
  const change = fc.oneof(
    fc.record({ at: fc.nat(typeBytes / 4 - 1), value: word, bits: fc.constant(32) }),
    fc.record({ at: fc.nat(typeBytes / 4 - 1), value: fc.nat(31), bits: fc.constant(1) }),
  )
  return fc
    .sample(fc.array(change, { minLength: 1, maxLength: 3 }), {
      numRuns: count,
      seed: Number(process.env['BTF_KERNEL_SEED'] ?? 612),
    })
    .map((changes) => {
      const bytes = sound.slice()
      const view = new DataView(bytes.buffer)
      for (const { at, value, bits } of changes) {
        const offset = 24 + at * 4
        view.setUint32(offset, bits === 32 ? value >>> 0 : (view.getUint32(offset, true) ^ (1 << value)) >>> 0, true)
      }
      return bytes
    })
}

test('the kernel takes what we take, and refuses what we refuse', (ctx) => {
  withFolder((folder) => {
    const blobs = [everyKind().encode(), ...mutants(RUNS)]
    const answers = askKernel(folder, blobs)
    if (typeof answers === 'string') return ctx.skip(answers)
    expect(answers.length).toBe(blobs.length)
    expect(answers[0]).toBe(true)
    const tagged = everyKind().types.map((type) => ('attribute' in type ? { ...type, attribute: true } : type))
    const attributes = everyKind()
      .withTypes(new Map(tagged.map((type) => [type.id, type])))
      .encode()
    const tagAttributes = (askKernel(folder, [attributes]) as readonly boolean[])[0] as boolean
    const differing = blobs.flatMap((blob, index) => {
      const ours = isAccepted(blob, tagAttributes)
      return ours === undefined || ours === answers[index]
        ? []
        : [{ index, ours, blob: Buffer.from(blob).toString('hex') }]
    })
    expect(answers.filter((accepted) => !accepted).length).toBeGreaterThan(RUNS / 3)
    expect(answers.filter((accepted) => accepted).length).toBeGreaterThan(RUNS / 20)
    expect(differing).toEqual([])
  })
})
