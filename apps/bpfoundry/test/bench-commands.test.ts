import { Kernel } from '@bpfoundry/kernel'
import { CollectionKernel, kernelOracle } from '@bpfoundry/kernel-oracle'
import { engineByName } from '@bpfoundry/testbench'
import { expect, test } from 'vitest'
import { loadBenchProgram } from '../src/benchmarks/load-program.ts'
import { BENCH_PROGRAMS } from '../src/benchmarks/programs.ts'
import { fixturePath } from '../src/fixture-path.ts'
import { bpfoundry } from './command-line.ts'

test('bench engines: figures for each program and engine, the kernel beside them', async () => {
  const { code, stdout } = await bpfoundry(
    ...['bench', 'engines', '--engine', 'interpreter,wasm', '--program', 'trivial', '--milliseconds', '1', '--json'],
  )
  expect(code).toBe(0)
  const { $schema, engines, kernel, kernelUnavailable } = JSON.parse(stdout)
  expect($schema).toBe('bpfoundry.bench-engines/1')
  expect(engines).toMatchObject([
    { program: 'trivial', engine: 'interpreter', insns: 4 },
    { program: 'trivial', engine: 'wasm', insns: 4, codeBytes: expect.any(Number) },
  ])
  for (const row of engines) {
    expect(row.nsPerRun, row.engine).toBeGreaterThan(0.1)
    expect(row.nsPerCall, row.engine).toBeGreaterThan(row.engine === 'wasm' ? row.nsPerRun : 0.1)
    expect(row.compileUs, row.engine).toBeGreaterThan(0.1)
  }
  expect(kernel?.length ?? kernelUnavailable.length).toBeGreaterThan(0)
})

test('bench engines: a table for people, programs with maps included', async () => {
  const args = ['bench', 'engines', '--engine', 'wasm', '--program', 'balancer', '--milliseconds', '1', '--no-kernel']
  const { code, stdout, stderr } = await bpfoundry(...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^program +insns +engine +per run +per call +compile +code\ntrivial +4 +wasm +[\d.]+ ns /)
  expect(stdout).toMatch(/^load balancer +\d+ +wasm +[\d.]+ ns /m)
})

test('the programs answer what the kernel says', () => {
  // The figures of the table are checked against these answers, which a kernel gave.
  const oracle = kernelOracle()
  for (const bench of BENCH_PROGRAMS) {
    if (bench.elements !== undefined && bench.object === undefined) continue
    const kernel = Kernel.create({ engine: engineByName('wasm') })
    const ours = kernel.testRun(loadBenchProgram(kernel, bench), { data: bench.frame })
    expect(ours.retval, bench.name).toBe(bench.retval)
    if ('unavailable' in oracle) continue
    const { fd } = loadBenchProgram(new CollectionKernel(oracle), bench)
    expect(oracle.testRun(fd, { dataIn: bench.frame }).retval, bench.name).toBe(bench.retval)
  }
})

test('bench blacklist: the table, the runs, the median', async () => {
  const { code, stdout } = await bpfoundry(
    ...['bench', 'blacklist', '--entries', '65536', '--cpus', '1', '--frames', '4096', '--pairs', '1'],
    ...['--seconds', '0.05', '--no-kernel', '--json'],
  )
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    $schema: 'bpfoundry.bench-blacklist/1',
    engine: 'wasm',
    entries: 65536,
    one: { cpus: 1, packetsPerSecond: expect.any(Number) },
  })
})

test('bench verifier: a row a program, the kernel beside it where there is one', async () => {
  const object = fixturePath('programs/drop/drop.v3.o')
  const { code, stdout } = await bpfoundry('bench', 'verifier', object, '--rounds', '2', '--json')
  expect(code).toBe(0)
  const { $schema, programs, refused, summary, kernelUnavailable } = JSON.parse(stdout)
  expect($schema).toBe('bpfoundry.bench-verifier/1')
  expect(refused).toEqual([])
  expect(programs).toMatchObject([{ program: 'drop.v3.o: drop', insnsProcessed: 2, us: expect.any(Number) }])
  expect(summary.programs).toBe(1)
  if (kernelUnavailable !== undefined) return
  expect(programs[0].kernel.insnsProcessed).toBe(2)
  expect(summary).toMatchObject({ compared: 1, withinTolerance: 1 })
  const { stdout: text } = await bpfoundry('bench', 'verifier', object, '--rounds', '1')
  expect(text).toContain("explored instructions within 5 % of the kernel's: 1 of 1\n")
})

test('bench verifier: what is refused is named, not measured', async () => {
  const object = fixturePath('programs/refused/register_uninitialised.v3.o')
  const { code, stdout } = await bpfoundry('bench', 'verifier', object, '--rounds', '1', '--no-kernel')
  expect(code).toBe(0)
  expect(stdout).toMatch(/refused, not measured: register_uninitialised/)
})

// biome-ignore format: table
test.each([
  ['an unknown program',        2, /CLI_BENCH_PROGRAM/,     ['engines', '--program', 'quick sort']],
  ['an unknown engine',         2, /no such engine/,        ['engines', '--engine', 'llvm']],
  ['no build of uBPF',          3, /CLI_UNREADABLE_UBPF/,   ['engines', '--ubpf', '/nonexistent', '--program', 'trivial']],
  ['what is no uBPF',           3, /CLI_UNREADABLE_UBPF/,   ['engines', '--ubpf', '/bin/true', '--program', 'trivial']],
  ['too many addresses',        2, /--entries.*16777216/,   ['blacklist', '--entries', '20M']],
  ['no CPUs',                   2, /--cpus.*1 to 64/,       ['blacklist', '--cpus', '0']],
  ['no time',                   2, /--seconds/,             ['blacklist', '--seconds', 'soon']],
  ['no object to verify',       3, /nonexistent/,           ['verifier', '/nonexistent.o']],
  ['no rounds',                 2, /--rounds/,              ['verifier', '--rounds', '0']],
])('%s: one clear error, exit code %i', async (_, exit, says, args) => {
  const { code, stdout, stderr } = await bpfoundry('bench', ...args)
  expect(stderr).toMatch(says)
  expect(code).toBe(exit)
  expect(stdout).toBe('')
})
