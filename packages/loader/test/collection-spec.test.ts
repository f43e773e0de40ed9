import { BTF_KIND, type Btf, BtfBuilder, checkBtf } from '@bpfoundry/btf'
import { SHF_ALLOC, writeElf } from '@bpfoundry/elf'
import {
  BPF_CALL_REL,
  BPF_EXIT_INSN,
  BPF_LD_IMM64_RAW,
  BPF_PSEUDO_FUNC,
  BPF_PSEUDO_MAP_VALUE,
  encodeInsns,
} from '@bpfoundry/isa'
import { ATTACH_TYPE, MAP_FLAG, MAP_TYPE, PROG_FLAG, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, test } from 'vitest'
import { loadCollectionSpec, programSection } from '../src/index.ts'
import { compile, hasProgram, withFolder } from './compile.ts'
import {
  CALL,
  code,
  data,
  everything,
  func,
  object,
  PASS,
  R_BPF_64_32,
  R_BPF_64_64,
  sectionSymbol,
  words,
} from './object.ts'

describe('section names', () => {
  test.each([
    ['xdp', PROG_TYPE.XDP, ATTACH_TYPE.XDP, 0, undefined],
    ['xdp.frags', PROG_TYPE.XDP, ATTACH_TYPE.XDP, PROG_FLAG.XDP_HAS_FRAGS, undefined],
    ['xdp/devmap', PROG_TYPE.XDP, ATTACH_TYPE.XDP_DEVMAP, 0, undefined],
    ['kprobe/sys_nanosleep', PROG_TYPE.KPROBE, 0, 0, 'sys_nanosleep'],
    ['fentry.s/tcp_connect', PROG_TYPE.TRACING, ATTACH_TYPE.TRACE_FENTRY, PROG_FLAG.SLEEPABLE, 'tcp_connect'],
    ['tracepoint/xdp/xdp_exception', PROG_TYPE.TRACEPOINT, 0, 0, 'xdp/xdp_exception'],
    ['tcx/egress', PROG_TYPE.SCHED_CLS, ATTACH_TYPE.TCX_EGRESS, 0, undefined],
  ])('%s', (name, type, expectedAttachType, flags, target) => {
    const expected = { type, expectedAttachType, flags, autoload: true, ...(target === undefined ? {} : { target }) }
    expect(programSection(name)).toEqual(expected)
  })

  test('a question mark in front means: only when asked for', () => {
    expect(programSection('?xdp')).toMatchObject({ type: PROG_TYPE.XDP, autoload: false })
  })

  test('a name is not matched by its beginning alone', () => {
    for (const name of ['xdp_prog', 'xdp/other', 'kprobefoo', 'tc_redirect', ''])
      expect(programSection(name)).toBeUndefined()
  })

  test('a section of any name can be given a type', () => {
    const bytes = writeElf({ sections: [code('prog', PASS)], symbols: [func('main', 'prog', 0, 2)] })
    const spec = loadCollectionSpec(bytes, { programSection: 'xdp' })
    expect(spec.programs.get('main')).toMatchObject({ section: 'prog', type: PROG_TYPE.XDP })
  })
})

describe('an object with a bit of everything', () => {
  const spec = loadCollectionSpec(everything(), { name: 'dir/everything.bpf.o' })

  test('its program is complete', () => {
    const program = spec.programs.get('entry')
    expect(program).toMatchObject({ section: 'xdp', type: PROG_TYPE.XDP, license: 'GPL', autoload: true })
    expect(program?.insns.length).toBe(9)
    expect(program?.insns[4]).toMatchObject({ src: 1, imm: 2 })
    expect(program?.insns[2]).toMatchObject({ src: BPF_PSEUDO_MAP_VALUE, imm: 0 })
    expect(program?.insns[3]).toMatchObject({ imm: 4 })
    expect(program?.mapRelocations).toEqual([
      { pc: 0, map: 'numbers' },
      { pc: 2, map: '.rodata', valueOffsetBytes: 4 },
    ])
  })

  test('its data sections are maps of one value, by section name, and by a name of 15 characters for the kernel', () => {
    expect([...spec.maps.keys()]).toEqual(['numbers', '.rodata', '.bss'])
    expect(spec.maps.get('.rodata')).toMatchObject({
      name: 'everythi.rodata',
      type: MAP_TYPE.ARRAY,
      maxEntries: 1,
      valueSizeBytes: 8,
      flags: MAP_FLAG.RDONLY_PROG,
      freeze: true,
    })
    expect(spec.maps.get('.bss')).toMatchObject({ valueSizeBytes: 16, flags: 0, freeze: false, contents: [] })
  })

  test('a big-endian object gives the same instructions', () => {
    const big = loadCollectionSpec(everything('big'))
    expect(big.byteOrder).toBe('big')
    expect(big.programs.get('entry')?.insns).toEqual(spec.programs.get('entry')?.insns)
  })
})

describe('global variables', () => {
  test('are set by name, as numbers or bytes', () => {
    const spec = loadCollectionSpec(everything())
    spec.setVariable('limit', 0x01020304)
    spec.setVariable('total', -1n)
    expect([...spec.variable('limit')]).toEqual([4, 3, 2, 1])
    expect([...spec.variable('total')]).toEqual(Array(8).fill(255))
    expect(spec.maps.get('.rodata')?.contents[0]?.value).toEqual(Uint8Array.of(1, 2, 3, 4, 4, 3, 2, 1))
    spec.setVariable('limit', Uint8Array.of(9, 9, 9, 9))
    expect([...spec.variable('limit')]).toEqual([9, 9, 9, 9])
  })

  test('are in the byte order of the object', () => {
    const spec = loadCollectionSpec(everything('big'))
    spec.setVariable('limit', 1)
    expect([...spec.variable('limit')]).toEqual([0, 0, 0, 1])
  })

  test.each([
    ['nowhere', 1, 'no global variable'],
    ['limit', 2 ** 32, 'too small'],
    ['limit', -(2 ** 31) - 1, 'too small'],
    ['limit', 0.5, 'no such number'],
    ['limit', new Uint8Array(3), 'another size'],
  ])('%s can not be %s', (name, value, message) => {
    const spec = loadCollectionSpec(everything())
    const error = expect.objectContaining({ code: 'LOADER_VARIABLE', message: expect.stringContaining(message) })
    expect(() => spec.setVariable(name, value)).toThrow(error)
  })

  test('the bytes of the object stay as they are', () => {
    const bytes = everything()
    const before = bytes.slice()
    loadCollectionSpec(bytes).setVariable('limit', 77)
    expect(bytes).toEqual(before)
  })
})

describe('linking', () => {
  test('callees follow in the order of their first call, each with its own callees, once', () => {
    // a calls b and c; b calls c; the program calls b, then a.
    const bytes = writeElf({
      sections: [
        code('.text', [
          BPF_CALL_REL(2),
          BPF_CALL_REL(3),
          BPF_EXIT_INSN(),
          BPF_CALL_REL(1),
          BPF_EXIT_INSN(),
          BPF_EXIT_INSN(),
        ]),
        code(
          'xdp',
          [CALL, CALL, BPF_EXIT_INSN()],
          [
            { offsetBytes: 0, type: R_BPF_64_32, symbol: 1 },
            { offsetBytes: 8, type: R_BPF_64_32, symbol: 0 },
          ],
        ),
      ],
      symbols: [func('a', '.text', 0, 3), func('b', '.text', 3, 2), func('c', '.text', 5, 1), func('p', 'xdp', 0, 3)],
    })
    const insns = loadCollectionSpec(bytes).programs.get('p')?.insns ?? []
    // p 0..2, b 3..4, c 5, a 6..8
    expect(insns.map(({ opcode, imm }) => (opcode === 0x85 ? imm : 'exit'))).toEqual([
      2,
      4,
      'exit',
      1,
      'exit',
      'exit',
      -4,
      -3,
      'exit',
    ])
  })

  test('a static function is called by its section and an offset; its address is taken by bytes', () => {
    const callStatic = { ...CALL, imm: 1 }
    const bytes = writeElf({
      sections: [
        code('.text', [...PASS, ...PASS]),
        code(
          'xdp',
          [callStatic, ...BPF_LD_IMM64_RAW(2, 0, 16), BPF_EXIT_INSN()],
          [
            { offsetBytes: 0, type: R_BPF_64_32, symbol: 0 },
            { offsetBytes: 8, type: R_BPF_64_64, symbol: 0 },
          ],
        ),
      ],
      symbols: [sectionSymbol('.text'), func('a', '.text', 0, 2), func('b', '.text', 2, 2), func('p', 'xdp', 0, 4)],
    })
    const insns = loadCollectionSpec(bytes).programs.get('p')?.insns ?? []
    expect(insns.length).toBe(6)
    expect(insns[0]).toMatchObject({ src: 1, imm: 3 })
    expect(insns[1]).toMatchObject({ src: BPF_PSEUDO_FUNC, imm: 2 })
  })

  test('types of kernel functions, as clang leaves them, are made such that a kernel takes them', () => {
    const builder = new BtfBuilder()
    const int = builder.add({ kind: BTF_KIND.INT, name: 'int', sizeBytes: 4, encoding: 1, bitOffset: 0, bits: 32 })
    const parameters = [{ name: '', typeId: int }]
    const proto = builder.add({ kind: BTF_KIND.FUNC_PROTO, name: '', returnTypeId: int, parameters })
    const typeId = builder.add({ kind: BTF_KIND.FUNC, name: 'bpf_kfunc', typeId: proto, linkage: 2 })
    const entries = [{ typeId, offsetBytes: 0, sizeBytes: 0 }]
    builder.add({ kind: BTF_KIND.DATASEC, name: '.ksyms', sizeBytes: 0, entries })
    expect(() => checkBtf(builder.build())).toThrow()
    const sections = [code('xdp', PASS), { name: '.BTF', data: builder.build().encode() }]
    const { btf } = loadCollectionSpec(writeElf({ sections, symbols: [func('p', 'xdp', 0, 2)] }))
    expect(() => checkBtf(btf as Btf)).not.toThrow()
    expect(btf?.types.length).toBe(builder.build().types.length)
  })

  test('the function that a tag names for exceptions comes with the program, and with no other', () => {
    const builder = new BtfBuilder()
    const proto = builder.add({ kind: BTF_KIND.FUNC_PROTO, name: '', returnTypeId: 0, parameters: [] })
    const [program] = ['p', 'cb'].map((name) => builder.add({ kind: BTF_KIND.FUNC, name, typeId: proto, linkage: 1 }))
    const tag = { kind: BTF_KIND.DECL_TAG, componentIndex: -1, attribute: false, typeId: program as number }
    builder.add({ ...tag, name: 'exception_callback:cb' })
    const bytes = writeElf({
      sections: [
        code('.text', PASS),
        code('xdp', [...PASS, ...PASS]),
        { name: '.BTF', data: builder.build().encode() },
      ],
      symbols: [func('cb', '.text', 0, 2), func('p', 'xdp', 0, 2), func('other', 'xdp', 2, 2)],
    })
    const { programs } = loadCollectionSpec(bytes)
    expect(programs.get('p')?.insns.length).toBe(4)
    expect(programs.get('other')?.insns.length).toBe(2)
  })

  test('what is defined nowhere makes the program unsupported, not the object', () => {
    const bytes = writeElf({
      sections: [code('xdp', [CALL, BPF_EXIT_INSN(), ...PASS], [{ offsetBytes: 0, type: R_BPF_64_32, symbol: 0 }])],
      symbols: [{ name: 'bpf_kfunc' }, func('needs', 'xdp', 0, 2), func('plain', 'xdp', 2, 2)],
    })
    const spec = loadCollectionSpec(bytes, { name: 'a.o' })
    expect(spec.programs.get('needs')?.unsupported).toMatchObject({
      code: 'LOADER_UNSUPPORTED',
      got: "kernel function 'bpf_kfunc'",
      where: { input: 'a.o', section: 'xdp', program: 'needs', pc: 0 },
    })
    expect(spec.programs.get('plain')?.unsupported).toBeUndefined()
    const kept = loadCollectionSpec(bytes, { externs: 'keep' }).programs.get('needs')
    expect(kept).toMatchObject({ externs: [{ pc: 0, kind: 'function', name: 'bpf_kfunc', weak: false }] })
    expect(kept?.unsupported).toBeUndefined()
    // BPF_PSEUDO_KFUNC_CALL
    expect(kept?.insns[0]).toMatchObject({ src: 2, imm: 0 })
  })
})

describe('legacy maps', () => {
  test.each([
    ['struct bpf_map_def', [1, 4, 8, 100, 1], false],
    ["iproute2's short struct bpf_elf_map, pinned", [1, 4, 8, 100, 1, 0, 2], true],
    ["iproute2's struct bpf_elf_map", [1, 4, 8, 100, 1, 42, 0, 0, 0], false],
  ])('%s', (_name, definition, pinByName) => {
    const bytes = writeElf({
      sections: [data('maps', words(...definition))],
      symbols: [object('table', 'maps', 0, definition.length * 4)],
    })
    const spec = loadCollectionSpec(bytes)
    expect(spec.maps.get('table')).toMatchObject({
      type: 1,
      keySizeBytes: 4,
      valueSizeBytes: 8,
      maxEntries: 100,
      flags: 1,
      pinByName,
    })
    expect(spec.warnings.map(({ hint }) => hint)).toEqual([expect.stringContaining('SEC(".maps")')])
  })

  test('one section a map, symbols without sizes', () => {
    const bytes = writeElf({
      sections: [data('maps/one', words(1, 4, 4, 1, 0)), data('maps/two', words(2, 4, 8, 2, 0))],
      symbols: [object('one', 'maps/one', 0, 0), object('two', 'maps/two', 0, 0)],
    })
    expect([...loadCollectionSpec(bytes).maps].map(([key, { type }]) => [key, type])).toEqual([
      ['one', 1],
      ['two', 2],
    ])
  })
})

test('addresses in global data are warned of', () => {
  const relocations = [{ offsetBytes: 0, type: 2, symbol: 0 }]
  const bytes = writeElf({
    sections: [{ name: '.data', flags: SHF_ALLOC, data: new Uint8Array(8), relocations }],
    symbols: [object('pointer', '.data', 0, 8)],
  })
  expect(loadCollectionSpec(bytes).warnings.map(({ code: warning }) => warning)).toEqual(['LOADER_UNSUPPORTED'])
})

describe('what clang makes', () => {
  test('a big-endian object holds the same programs and maps as the little-endian one', (ctx) => {
    if (!hasProgram('clang-19')) return ctx.skip('clang-19 is not installed')
    withFolder((folder) => {
      const [little, big] = ['bpfel', 'bpfeb'].map((target) =>
        loadCollectionSpec(compile(folder, 'linking', target).bytes),
      )
      const describeAll = (spec: typeof little): unknown =>
        [...(spec?.programs ?? [])].map(([name, { insns, mapRelocations, functionInfo }]) => ({
          name,
          slots: insns.length,
          mapRelocations,
          functions: functionInfo.map(({ pc }) => pc),
        }))
      expect(big?.byteOrder).toBe('big')
      expect(describeAll(big)).toEqual(describeAll(little))
    })
  })

  test('every function of a program has its records, where the function now is', (ctx) => {
    if (!hasProgram('clang-19')) return ctx.skip('clang-19 is not installed')
    withFolder((folder) => {
      const { btf, programs } = loadCollectionSpec(compile(folder, 'linking').bytes)
      const program = programs.get('first')
      const names = program?.functionInfo.map(({ typeId }) => btf?.type(typeId).name)
      expect(names).toEqual(['first', 'add', 'scale', 'deeper', 'shared'])
      const starts = new Set(program?.lineInfo.map(({ pc }) => pc))
      for (const { pc } of program?.functionInfo ?? []) expect(starts.has(pc)).toBe(true)
      const encoded = encodeInsns(program?.insns ?? [])
      expect(encoded.length).toBe((program?.insns.length ?? 0) * 8)
    })
  })

  test('slots of program arrays and maps of maps are contents by name', (ctx) => {
    if (!hasProgram('clang-19')) return ctx.skip('clang-19 is not installed')
    withFolder((folder) => {
      const { maps } = loadCollectionSpec(compile(folder, 'maps').bytes)
      const slots = (name: string): unknown => maps.get(name)?.contents.map(({ key, value }) => [key[0], value])
      expect(slots('jumps')).toEqual([
        [0, { program: 'middle' }],
        [2, { program: 'last' }],
      ])
      expect(slots('outer')).toEqual([
        [1, { map: 'inner_two' }],
        [3, { map: 'inner_one' }],
      ])
      expect(maps.get('outer')?.inner).toMatchObject({ type: MAP_TYPE.ARRAY, maxEntries: 2, valueSizeBytes: 8 })
      expect(maps.get('seen')).toMatchObject({ mapExtra: 3, numaNode: 0 })
    })
  })
})
