/**
 * A program that calls what no engine can run is judged and dumped, and its run stops in the same words on every engine. And
 * exceptions behind tail calls.
 */
import { BTF_KIND } from '@bpfoundry/btf'
import { ExecutionFault } from '@bpfoundry/engine'
import { BPF_PSEUDO_KFUNC_CALL } from '@bpfoundry/isa'
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import { afterAll, expect, it } from 'vitest'
import { dumpXlated, Kernel, type KernelProgram } from '../../src/index.ts'
import { assembled, closeBench, ENGINES, types } from './function-bench.ts'
import { OWN } from './own-types.ts'

const ABSENT = `
r1 = 1
call bpf_cgroup_from_id
if r0 == 0 goto out
r1 = r0
call bpf_cgroup_release
out: r0 = 0
exit`
const THROWS = 'r1 = 16\ncall bpf_throw\nr0 = 1\nexit'
/** The function's frame is the other program's from the tail call on, which comes back from there. */
const CALLS = `
call first
r0 += 8
exit
first: r2 = jumps ll
r3 = 0
call 12
r0 = 10
exit`

afterAll(closeBench)

function load(kernel: Kernel, source: string, mapFd = -1): KernelProgram {
  const { type, insns, calls, loads, functionInfo } = assembled(source)
  const linked = insns.map((insn, pc) => {
    const call = calls.find((each) => each.pc === pc)
    if (call !== undefined) {
      return { ...insn, src: BPF_PSEUDO_KFUNC_CALL, imm: types?.find(call.name, BTF_KIND.FUNC) ?? 0 }
    }
    return loads.some((each) => each.pc === pc) ? { ...insn, src: 1, imm: mapFd } : insn
  })
  const plain = { name: 'p', type, expectedAttachType: 0, license: 'GPL', flags: 0 }
  return kernel.loadProgram({ ...plain, insns: linked, btf: OWN.btf, functionInfo, lineInfo: [] })
}

function kernelWith(make: (typeof ENGINES)[number][1]): Kernel {
  const engine = make === undefined ? {} : { engine: make() }
  return Kernel.create({ ...engine, ...(types === undefined ? {} : { kernelBtf: types }) })
}

it.each(ENGINES)('a function that is not there, on %s', (_name, make) => {
  if (types === undefined) return
  const kernel = kernelWith(make)
  const program = load(kernel, ABSENT)
  expect(dumpXlated(program.image)).toMatch(/call bpf_cgroup_from_id#\d+\n/)
  const run = (): unknown => kernel.testRun(program, { data: new Uint8Array(64) })
  expect(run).toThrow(ExecutionFault)
  expect(run).toThrow("the kernel function bpf_cgroup_from_id can't be run here")
})

it.each(ENGINES)('an exception behind a tail call is of the program that was called, on %s', (_name, make) => {
  if (types === undefined) return
  const kernel = kernelWith(make)
  const shape = { keySizeBytes: 4, valueSizeBytes: 4, maxEntries: 1, flags: 0 }
  const jumps = kernel.createMap({ ...shape, name: 'jumps', type: MAP_TYPE.PROG_ARRAY })
  const calls = load(kernel, CALLS, jumps.fd)
  const run = (): number => kernel.testRun(calls, { data: new Uint8Array(64) }).retval
  expect(run()).toBe(18)
  jumps.update(new Uint8Array(4), new Uint8Array(Uint32Array.of(load(kernel, THROWS).fd).buffer))
  expect(run()).toBe(24)
})

it('has the types of a kernel', (ctx) => {
  if (types === undefined) ctx.skip(`no types of a kernel: ${2 * ENGINES.length} runs`)
})
