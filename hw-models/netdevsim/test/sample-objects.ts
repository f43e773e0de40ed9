import { assembleLlvm, BPF_PSEUDO_MAP_FD } from '@bpfoundry/isa'
import { MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { CollectionSpec, type MapSpec } from '@bpfoundry/loader'

function mapSpec(name: string, type: number): MapSpec {
  const sizes = { keySizeBytes: 4, valueSizeBytes: 8, maxEntries: 2, flags: 0 }
  const nothing = { pinByName: false, contents: [], freeze: false, btfKeyTypeId: 0, btfValueTypeId: 0 }
  return { name, type, ...sizes, ...nothing, section: '.maps' }
}

function object(asm: string, maps: readonly MapSpec[] = []): CollectionSpec {
  const { insns, relocations } = assembleLlvm(asm, { externals: true })
  const loads = new Set(relocations.map(({ pc }) => pc))
  const linked = insns.map((insn, pc) => (loads.has(pc) ? { ...insn, src: BPF_PSEUDO_MAP_FD } : insn))
  return new CollectionSpec({
    byteOrder: 'little',
    maps: new Map(maps.map((map) => [map.name, map])),
    programs: new Map([
      [
        'func',
        {
          ...{ name: 'func', section: 'xdp', type: PROG_TYPE.XDP, expectedAttachType: 0, autoload: true, flags: 0 },
          ...{ insns: linked, license: '', functionInfo: [], lineInfo: [] },
          mapRelocations: relocations.map(({ pc, symbol }) => ({ pc, map: symbol })),
        },
      ],
    ]),
  })
}

/** What sample_ret0.bpf.o holds: a program that returns 0. */
export const RET0 = { file: 'sample_ret0.bpf.o', object: object('r0 = 0\nexit') } as const

/** What sample_map_ret0.bpf.o holds: look-ups in a hash and an array of two entries. */
export const MAP_RET0 = {
  file: 'sample_map_ret0.bpf.o',
  object: object(
    `
    r6 = 0
    *(u64 *)(r10 - 8) = r6
    *(u32 *)(r10 - 12) = r6
    r2 = r10
    r2 += -12
    r1 = htab ll
    call 1
    r7 = r0
    r0 = 1
    if r7 == 0 goto out
    r2 = r10
    r2 += -8
    r1 = array ll
    call 1
    r7 = r0
    r0 = 1
    if r7 == 0 goto out
    r0 = 0
    out: exit`,
    [mapSpec('htab', MAP_TYPE.HASH), mapSpec('array', MAP_TYPE.ARRAY)],
  ),
} as const
