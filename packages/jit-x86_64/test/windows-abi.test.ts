/** Code for Windows, run on other systems through a stub that calls it as Windows does. */
import type { Engine } from '@bpfoundry/engine'
import { assembleLlvm } from '@bpfoundry/isa'
import { createEngineOf } from '@bpfoundry/native-exec'
import { describe, expect, it } from 'vitest'
import { translateX86, type X86Options } from '../src/index.ts'
import { CANNOT_RUN, createBench, INTERPRETER, imageOf, PROG_ARRAY, runImage } from './harness.ts'
import { calledAsOnWindows } from './windows-call.ts'

const why = CANNOT_RUN ?? (process.platform === 'win32' ? 'on Windows every other test is one of this' : undefined)

const options: X86Options = { progArray: PROG_ARRAY, abi: 'windows' }
const engine = (): Engine =>
  createEngineOf({ name: 'windows', translate: (image) => calledAsOnWindows(translateX86(image, options)) }, options)

// biome-ignore format: table
const PROGRAMS: readonly (readonly [name: string, source: string])[] = [
  ['nothing to give back',  'r0 = 7\nexit'],
  ['the context as result', 'r0 = r1\nexit'],
  ['all registers',         'r2 = 2\nr3 = 3\nr4 = 4\nr5 = 5\nr6 = 6\nr7 = 7\nr8 = 8\nr9 = 9\nr0 = r1\nr0 += r2\nr0 += r3\n'
                            + 'r0 += r4\nr0 += r5\nr0 += r6\nr0 += r7\nr0 += r8\nr0 += r9\nexit'],
  ['the stack',             '*(u64 *)(r10 - 8) = r1\nr6 = *(u64 *)(r10 - 8)\nr0 = r6\nexit'],
  ['a subprogram',          'r6 = 6\ncall sub\nr0 += r6\nexit\nsub:\nr6 = r10\n*(u32 *)(r6 - 4) = 9\nr0 = *(u32 *)(r6 - 4)\nexit'],
  ['an atomic fetch of r0', '*(u64 *)(r10 - 8) = 12\nr0 = 10\nr0 = atomic_fetch_and((u64 *)(r10 - 8), r0)\nexit'],
]

describe.skipIf(why !== undefined)(`the Windows calling convention ${why ?? ''}`, () => {
  it.each(PROGRAMS)('%s', (_, source) => {
    const image = imageOf(assembleLlvm(source).insns)
    expect(runImage(createBench(engine()), image)).toEqual(runImage(createBench(INTERPRETER), image))
  })
})
