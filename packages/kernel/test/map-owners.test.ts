import { BPF_EXIT_INSN, BPF_LD_MAP_FD, BPF_MOV64_IMM, type Insn } from '@bpfoundry/isa'
import { ATTACH_TYPE, MAP_TYPE, PROG_FLAG, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { KernelOracle, kernelOracle } from '@bpfoundry/kernel-oracle'
import { afterAll, expect, it } from 'vitest'
import { Kernel, KernelError } from '../src/index.ts'

const opened = kernelOracle()
afterAll(() => {
  if (opened instanceof KernelOracle) opened.close()
})

const FRAGS = PROG_FLAG.XDP_HAS_FRAGS
const EXIT = [BPF_MOV64_IMM(0, 2), BPF_EXIT_INSN()]
const uses = (fd: number): Insn[] => [...BPF_LD_MAP_FD(1, fd), ...EXIT]
const KEY = new Uint8Array(4)

/** A value that names lo, or a queue of one, and the program. */
function entry(fd: number): Uint8Array {
  const value = new Uint8Array(8)
  new DataView(value.buffer).setUint32(0, 1, true)
  new DataView(value.buffer).setInt32(4, fd, true)
  return value
}

function errnoOf(act: () => unknown): number {
  try {
    act()
    return 0
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    return error.errno
  }
}

/** What loading users of a map and setting its entries answers, each with frags support or without. */
type Act = { readonly do: 'use' | 'set'; readonly frags: boolean }

function here(type: number, attachType: number, acts: readonly Act[]): number[] {
  const kernel = Kernel.create()
  const map = kernel.createMap({ name: 'm', type, keySizeBytes: 4, valueSizeBytes: 8, maxEntries: 4, flags: 0 })
  const load = (insns: readonly Insn[], frags: boolean, expectedAttachType: number) =>
    kernel.loadProgram({
      name: 'p',
      type: PROG_TYPE.XDP,
      insns,
      license: 'GPL',
      expectedAttachType,
      flags: frags ? FRAGS : 0,
    })
  return acts.map(({ do: what, frags }) =>
    errnoOf(() =>
      what === 'use'
        ? load(uses(map.fd), frags, ATTACH_TYPE.XDP)
        : map.update(KEY, entry(load(EXIT, frags, attachType).fd)),
    ),
  )
}

function onKernel(oracle: KernelOracle, type: number, attachType: number, acts: readonly Act[]): number[] {
  const map = oracle.createMap({ type, keySizeBytes: 4, valueSizeBytes: 8, maxEntries: 4, flags: 0 })
  const base = { type: PROG_TYPE.XDP, mapReferences: [] }
  const answers = acts.map(({ do: what, frags }) => {
    const flags = frags ? FRAGS : 0
    if (what === 'use') {
      const mapReferences = [{ pc: 0, fd: map.fd }]
      return Math.abs(
        oracle.loadProgram({ ...base, insns: uses(0), flags, mapReferences, expectedAttachType: ATTACH_TYPE.XDP })
          .errno,
      )
    }
    const { fd } = oracle.loadProgram({ ...base, insns: EXIT, flags, expectedAttachType: attachType })
    return Math.abs(oracle.updateMap(map, KEY, entry(fd)))
  })
  oracle.close()
  return answers
}

const [use, set] = (['use', 'set'] as const).map(
  (what) =>
    (frags: boolean): Act => ({ do: what, frags }),
) as [(frags: boolean) => Act, (frags: boolean) => Act]

it.for([
  ['devmap', MAP_TYPE.DEVMAP, ATTACH_TYPE.XDP_DEVMAP, 22],
  ['cpumap', MAP_TYPE.CPUMAP, ATTACH_TYPE.XDP_CPUMAP, 12],
] as const)('programs of a %s know frags all, or none', ([, type, attachType, refused], ctx) => {
  const rows: readonly (readonly [acts: readonly Act[], answers: readonly number[]])[] = [
    [
      [use(false), set(false), set(true), use(true), use(false)],
      [0, 0, refused, 22, 0],
    ],
    [
      [set(true), set(false), use(false), use(true)],
      [0, refused, 22, 0],
    ],
  ]
  for (const [acts, answers] of rows) {
    expect(here(type, attachType, acts)).toEqual(answers)
    if (opened instanceof KernelOracle) expect(onKernel(opened, type, attachType, acts)).toEqual(answers)
  }
  if (!(opened instanceof KernelOracle)) ctx.skip(opened.unavailable)
})
