import { expect, test } from 'vitest'
import { bpfoundry, fixture } from './command-line.ts'

const DROP = fixture('programs/drop/drop.v3.o')
const CALLS = fixture('programs/calls/calls.v3.o')
const TAIL_CALLS = fixture('programs/tail_calls/tail_calls.v3.o')
const LEGACY = fixture('programs/legacy_maps/legacy_maps.v3.o')

// What bpftool 7.5.0 told of them on Linux 6.18.44; ids, times and code are of this kernel.
test('prog show tells what bpftool does', async () => {
  const { code, stdout } = await bpfoundry('prog', 'show', CALLS, TAIL_CALLS, '--profile', '6.18', '--json')
  expect(code).toBe(0)
  const program = { type: 'xdp', gpl_compatible: true, uid: 0, orphaned: false, jited: true, bytes_memlock: 4096 }
  expect(JSON.parse(stdout)).toMatchObject([
    { ...program, id: 1, name: 'sample', tag: 'ca41144c4bd6eeeb', bytes_xlated: 520, map_ids: [3, 2, 1], btf_id: 1 },
    { ...program, name: 'on_tcp', tag: 'd4f8542f2b42fac5', bytes_xlated: 16, btf_id: 2 },
    { ...program, name: 'on_udp', tag: 'b30cf65b7e0fa9c7', bytes_xlated: 16, btf_id: 2 },
    { ...program, name: 'again', tag: 'ad3d03f23642dd4d', bytes_xlated: 88, map_ids: [5, 4], btf_id: 2 },
    { ...program, name: 'dispatch', tag: '5c047c71c1761d77', bytes_xlated: 160, map_ids: [4], btf_id: 2 },
  ])
})

test('prog list is the same; the interpreter has no code', async () => {
  const { stdout } = await bpfoundry('prog', 'list', DROP, '--engine', 'interpreter')
  expect(stdout).toMatch(
    /^1: xdp {2}name drop {2}tag 9bf8e2a8bee581f5 {2}gpl\n\tloaded_at [-\dT:]{19}[+-]\d{4} {2}uid 0\n\txlated 16B {2}not jited {2}memlock 4096B\n\tbtf_id 1\n$/,
  )
})

test('each engine has code of its own length', async () => {
  const lengths = ['wasm', 'x86-64', 'arm64'].map(async (engine) => {
    const { stdout } = await bpfoundry('prog', 'show', CALLS, '--engine', engine, '--json')
    return (JSON.parse(stdout) as { bytes_jited: number }[])[0]?.bytes_jited ?? 0
  })
  const found = await Promise.all(lengths)
  expect(new Set(found).size).toBe(3)
  expect(Math.min(...found)).toBeGreaterThan(200)
})

test('one program of an object, without types', async () => {
  const { stdout } = await bpfoundry('prog', 'show', LEGACY, '--program', 'allow', '--json')
  const [only, ...others] = JSON.parse(stdout) as { name: string; btf_id?: number }[]
  expect([only?.name, only?.btf_id, others]).toEqual(['allow', undefined, []])
})

test('what is refused, or none, is told, and the others shown', async () => {
  const refused = fixture('programs/refused/unreachable.v3.o')
  const { code, stdout, stderr } = await bpfoundry('prog', 'show', refused, `${DROP}.none`, DROP)
  expect([code, stdout.split('  ')[1]]).toEqual([3, 'name drop'])
  expect(stderr.match(/^[A-Z_]+(?=:)/gm)).toEqual(['KERNEL_PROGRAM_REJECTED', 'TESTBENCH_NO_SUCH_FILE'])
  const nothing = await bpfoundry('prog', 'show', refused, '--json')
  expect([nothing.code, nothing.stdout]).toEqual([1, '[]\n'])
})
