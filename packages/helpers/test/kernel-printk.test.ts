import { BPF_DW, BPF_LD_IMM64, BPF_MOV64_IMM, BPF_STX_MEM } from '@bpfoundry/isa'
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import * as fc from 'fast-check'
import { afterEach, expect, it } from 'vitest'
import { HelperBench } from './bench-cpu.ts'
import { KernelRun, oracle, refusal } from './kernel-run.ts'

afterEach(() => oracle?.close())

/** Bytes of the output buffer, so that some texts are cut; but not those whose length the kernel then gets wrong. */
const outputBytes = (args: readonly Argument[]): number => (args.includes('text') ? 256 : 40)
/** What %s, %pI4 and %pI6 point at. */
const TEXT = 'eBPF\0-hidden-and-more-bytes-for-an-address'
/** Where a program keeps the arguments; KernelRun uses the bytes above. */
const ARGUMENTS = -360
const MOST_ARGUMENTS = 4

/** An argument: a number, or the address of {@link TEXT}. */
type Argument = bigint | 'text'
interface Conversion {
  readonly format: string
  readonly argument: Argument
}

const latin1 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'))
const number = fc.oneof(
  fc.constantFrom(0n, 1n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 32n - 1n, 255n),
  fc.bigInt(0n, 2n ** 64n - 1n),
)
const flags = fc.constantFrom('', '', '', '0', '-', '+', ' ', '-0', '+0', ' 0', '+-', '- ')
const width = fc.constantFrom('', '', '1', '5', '12', '23')
const of = (kinds: readonly string[], argument: fc.Arbitrary<Argument>): fc.Arbitrary<Conversion> =>
  fc.record({
    format: fc.tuple(flags, width, fc.constantFrom(...kinds)).map((parts) => `%${parts.join('')}`),
    argument,
  })
const numbers = of(['d', 'i', 'u', 'x', 'X', 'ld', 'li', 'lu', 'lx', 'lX', 'lld', 'llu', 'llx', 'px', 'c'], number)
const pointers = of(['s', 'pks', 'pI4', 'pi4', 'pI6', 'pi6'], fc.constant('text'))
const text = fc.constantFrom('', ' ', ', ', '%%', 'n=', '\n', '%% %%', '\u00e9', ':')
/** Formats that the kernel refuses, mixed in. */
const bad: fc.Arbitrary<Conversion> = fc.record({
  format: fc.constantFrom(
    '%',
    '%h',
    '%hd',
    '%q',
    '%lld%',
    '%sx',
    '%pz',
    '%p4',
    '%5',
    '%l',
    '%llld',
    '%.3d',
    '%#x',
    '%*d',
    '%\u0001d',
    '%ps2',
    '\u007f',
    '%pI5',
  ),
  argument: fc.constant(7n),
})
const format = fc
  .array(fc.tuple(text, fc.oneof({ arbitrary: numbers, weight: 8 }, { arbitrary: pointers, weight: 3 }, bad)), {
    minLength: 1,
    maxLength: MOST_ARGUMENTS,
  })
  .map((parts) => ({
    format: parts.map(([before, conversion]) => before + conversion.format).join(''),
    args: parts.map(([, conversion]) => conversion.argument),
  }))

/** bpf_snprintf on the running kernel: its result and the buffer, or undefined when the verifier refuses the format. */
function onKernel(fmt: string, args: readonly Argument[]): { result: bigint; text: string } | undefined {
  if (oracle === undefined) throw new Error(refusal)
  const run = new KernelRun()
  const [constant, words] = [run.constant(latin1(`${fmt}\0`)), run.constant(latin1(`${TEXT}\0`))]
  const output = run.map(MAP_TYPE.ARRAY, 4, outputBytes(args), 1)
  for (const [n, argument] of args.entries()) {
    if (argument === 'text') run.loadValue(7, words)
    else run.add(...BPF_LD_IMM64(7, BigInt.asIntN(64, argument)))
    run.add(BPF_STX_MEM(BPF_DW, 10, 7, ARGUMENTS + 8 * n))
  }
  run
    .loadValue(1, output)
    .add(BPF_MOV64_IMM(2, outputBytes(args)))
    .loadValue(3, constant)
  run.loadStack(4, ARGUMENTS).add(BPF_MOV64_IMM(5, 8 * args.length))
  const answer = run.call('snprintf').run(new Uint8Array(64))
  if (answer.refused) {
    expect(answer.log).toContain('Invalid format string')
    return undefined
  }
  const bytes = oracle.lookupMap(output, new Uint8Array(4)) ?? new Uint8Array()
  return { result: answer.results[0] as bigint, text: Buffer.from(bytes).toString('latin1') }
}

it('formats as the running kernel does, and refuses what it refuses', (ctx) => {
  if (oracle === undefined) ctx.skip(refusal)
  const bench = new HelperBench()
  let [accepted, refused] = [0, 0]
  for (const { format: fmt, args } of fc.sample(format, { numRuns: 700, seed: 17 })) {
    const theirs = onKernel(fmt, args)
    const { memory, scratch } = bench
    memory.u8.fill(0, scratch, scratch + 1024)
    memory.write(scratch, latin1(fmt))
    memory.write(scratch + 256, latin1(TEXT))
    for (const [n, argument] of args.entries()) {
      memory.view.setBigUint64(scratch + 512 + 8 * n, argument === 'text' ? BigInt(scratch + 256) : argument, true)
    }
    const roomBytes = outputBytes(args)
    const result = bench.call('snprintf', scratch + 768, roomBytes, scratch, scratch + 512, 8 * args.length)
    const ours = Buffer.from(memory.read(scratch + 768, roomBytes)).toString('latin1')
    if (theirs === undefined) {
      refused++
      expect({ fmt, result: BigInt.asIntN(64, result) }).toEqual({ fmt, result: -22n })
    } else {
      accepted++
      expect({ fmt, args, result, text: ours }).toEqual({ fmt, args, ...theirs })
    }
    oracle?.close()
  }
  expect(Math.min(accepted, refused)).toBeGreaterThan(100)
})
