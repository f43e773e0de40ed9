import { BtfError } from '@bpfoundry/btf'
import { Diagnostic } from '@bpfoundry/diagnostics'
import { type ElfDescription, SHF_ALLOC, STB_LOCAL, writeElf } from '@bpfoundry/elf'
import { BPF_CALL_REL, BPF_EXIT_INSN, BPF_MOV64_IMM, type Insn } from '@bpfoundry/isa'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fuzzOnce, seeds } from '../fuzz/loader.fuzz.ts'
import { loadCollectionSpec } from '../src/index.ts'
import {
  CALL,
  code,
  data,
  everything,
  func,
  LOAD,
  mapTypes,
  object,
  PASS,
  R_BPF_64_32,
  R_BPF_64_64,
  words,
} from './object.ts'

const at = (type: number, symbol: number, offsetBytes = 0) => [{ offsetBytes, type, symbol }]
const entry = func('entry', 'xdp', 0, 2)

/** What is wrong, the code it gets, the place, and the object. */
const cases: readonly [what: string, code: string, where: object, object: ElfDescription][] = [
  [
    'a section that is no program type',
    'LOADER_SECTION_UNKNOWN',
    { section: 'tc_redirect' },
    { sections: [code('tc_redirect', PASS)], symbols: [func('entry', 'tc_redirect', 0, 2)] },
  ],
  [
    'part of an instruction',
    'LOADER_SECTION',
    { section: 'xdp' },
    { sections: [{ ...code('xdp', PASS), data: new Uint8Array(12) }], symbols: [] },
  ],
  ['code without a function', 'LOADER_FUNCTION', { section: 'xdp' }, { sections: [code('xdp', PASS)] }],
  [
    'a static program',
    'LOADER_FUNCTION',
    { section: 'xdp', program: 'entry' },
    { sections: [code('xdp', PASS)], symbols: [{ ...entry, bind: STB_LOCAL }] },
  ],
  [
    'a function that begins inside an instruction',
    'LOADER_FUNCTION',
    { section: 'xdp' },
    { sections: [code('xdp', PASS)], symbols: [{ ...entry, value: 4, sizeBytes: 8 }] },
  ],
  [
    'functions that overlap',
    'LOADER_FUNCTION',
    { section: 'xdp' },
    { sections: [code('xdp', PASS)], symbols: [entry, func('other', 'xdp', 1, 1)] },
  ],
  [
    'two programs of one name',
    'LOADER_DUPLICATE',
    { section: 'tc', program: 'entry' },
    { sections: [code('xdp', PASS), code('tc', PASS)], symbols: [entry, func('entry', 'tc', 0, 2)] },
  ],
  [
    'two maps of one name',
    'LOADER_DUPLICATE',
    { map: 'table' },
    {
      sections: [data('maps', words(1, 4, 4, 1, 0)), data('maps/table', words(1, 4, 4, 1, 0))],
      symbols: [object('table', 'maps', 0, 20), object('table', 'maps/table', 0, 20)],
    },
  ],
  [
    'a relocation of an unknown type',
    'LOADER_RELOCATION',
    { section: 'xdp', pc: 0 },
    { sections: [code('xdp', [...LOAD, ...PASS], at(99, 0))], symbols: [func('entry', 'xdp', 0, 4)] },
  ],
  [
    'a relocation of an instruction that takes none',
    'LOADER_RELOCATION',
    { section: 'xdp', pc: 0 },
    { sections: [code('xdp', PASS, at(R_BPF_64_64, 0))], symbols: [entry] },
  ],
  [
    'a relocation of the middle of an instruction',
    'LOADER_RELOCATION',
    { section: 'xdp', pc: 0 },
    { sections: [code('xdp', PASS, at(R_BPF_64_64, 0, 4))], symbols: [entry] },
  ],
  [
    'two relocations of one instruction',
    'LOADER_RELOCATION',
    { section: 'xdp', pc: 0 },
    {
      sections: [code('xdp', [...LOAD, ...PASS], [...at(R_BPF_64_64, 0), ...at(R_BPF_64_64, 0)])],
      symbols: [func('entry', 'xdp', 0, 4)],
    },
  ],
  [
    'a load cut by the end of its section',
    'LOADER_RELOCATION',
    { section: 'xdp', pc: 0 },
    { sections: [code('xdp', [LOAD[0] as Insn], at(R_BPF_64_64, 0))], symbols: [func('entry', 'xdp', 0, 1)] },
  ],
  [
    'a reference to what is no data section',
    'LOADER_RELOCATION',
    { section: 'xdp', pc: 0 },
    {
      sections: [code('xdp', [...LOAD, ...PASS], at(R_BPF_64_64, 1)), data('odd', [1])],
      symbols: [func('entry', 'xdp', 0, 4), object('thing', 'odd', 0, 1)],
    },
  ],
  [
    'a reference to the middle of the maps',
    'LOADER_RELOCATION',
    { section: 'xdp', pc: 0 },
    {
      sections: [code('xdp', [...LOAD, ...PASS], at(R_BPF_64_64, 1)), data('maps', words(1, 4, 4, 1, 0))],
      symbols: [
        func('entry', 'xdp', 0, 4),
        { ...object('inside', 'maps', 8, 0), bind: STB_LOCAL },
        object('table', 'maps', 0, 20),
      ],
    },
  ],
  [
    'a call of a variable',
    'LOADER_RELOCATION',
    { section: 'xdp', pc: 0 },
    {
      sections: [code('xdp', [CALL, ...PASS], at(R_BPF_64_32, 1)), data('.data', [1, 2, 3, 4])],
      symbols: [func('entry', 'xdp', 0, 3), object('thing', '.data', 0, 4)],
    },
  ],
  [
    'a call that leads to no function',
    'LOADER_CALL',
    { section: 'xdp', pc: 0 },
    { sections: [code('xdp', [BPF_CALL_REL(1), ...PASS])], symbols: [func('entry', 'xdp', 0, 3)] },
  ],
  [
    'a call out of its section',
    'LOADER_CALL',
    { section: 'xdp', pc: 0 },
    { sections: [code('xdp', [BPF_CALL_REL(-9), ...PASS])], symbols: [func('entry', 'xdp', 0, 3)] },
  ],
  [
    'maps without types',
    'LOADER_MAP_DEFINITION',
    { section: '.maps' },
    { sections: [code('xdp', PASS), { name: '.maps', flags: SHF_ALLOC, data: new Uint8Array(32) }], symbols: [entry] },
  ],
  [
    'a map without a symbol',
    'LOADER_MAP_DEFINITION',
    { section: '.maps', map: 'numbers' },
    {
      sections: [
        { name: '.maps', flags: SHF_ALLOC, data: new Uint8Array(32) },
        { name: '.BTF', data: mapTypes() },
      ],
    },
  ],
  [
    'a map with an unknown member',
    'BTF_MAP_DEFINITION',
    { section: '.maps', map: 'numbers' },
    {
      sections: [
        { name: '.maps', flags: SHF_ALLOC, data: new Uint8Array(40) },
        { name: '.BTF', data: mapTypes('colour') },
      ],
      symbols: [object('numbers', '.maps', 0, 40)],
    },
  ],
  [
    'a legacy map that is too short',
    'LOADER_MAP_DEFINITION',
    { section: 'maps', map: 'table' },
    { sections: [data('maps', words(1, 4, 4))], symbols: [object('table', 'maps', 0, 12)] },
  ],
  [
    'a legacy map with unknown fields',
    'LOADER_MAP_DEFINITION',
    { section: 'maps', map: 'table' },
    { sections: [data('maps', words(1, 4, 4, 1, 0, 7))], symbols: [object('table', 'maps', 0, 24)] },
  ],
  [
    'more data than a map can hold',
    'LOADER_SECTION',
    { section: '.bss' },
    { sections: [{ name: '.bss', type: 8, flags: 3, sizeBytes: 2 ** 31 }] },
  ],
  [
    'type information cut in two',
    'BTF_SECTION_BOUNDS',
    { section: '.BTF' },
    { sections: [{ name: '.BTF', data: mapTypes().subarray(0, 200) }] },
  ],
  [
    'an object for another machine',
    'ELF_MACHINE',
    { offsetBytes: 18 },
    { machine: 62, sections: [code('xdp', PASS)], symbols: [entry] },
  ],
]

describe('a damaged object is one located error', () => {
  test.each(cases)('%s', (_what, errorCode, where, description) => {
    const bytes = writeElf(description)
    const load = (): unknown => loadCollectionSpec(bytes, { name: 'a.o' })
    expect(load).toThrow(Diagnostic)
    expect(load).toThrow(
      expect.objectContaining({ code: errorCode, where: expect.objectContaining({ input: 'a.o', ...where }) }),
    )
  })

  test('an unknown section lists the names that are most like it', () => {
    const bytes = writeElf({ sections: [code('tc_redirect', PASS)], symbols: [func('entry', 'tc_redirect', 0, 2)] })
    expect(() => loadCollectionSpec(bytes)).toThrow(
      expect.objectContaining({ expected: expect.stringMatching(/^tc,/) }),
    )
  })

  test('a file that is no ELF file is told apart from one that is damaged', () => {
    expect(() => loadCollectionSpec(new Uint8Array([1, 2, 3]))).toThrow(
      expect.objectContaining({ code: 'ELF_NOT_ELF' }),
    )
    const cut = everything().subarray(0, 300)
    expect(() => loadCollectionSpec(cut)).toThrow(expect.objectContaining({ code: 'ELF_TRUNCATED' }))
  })
})

describe('bounded work', () => {
  test('functions that all call each other are placed once a program, and the total is bounded', () => {
    // 600 programs of 8,000 instructions each share one subprogram: within the limit by program, over it together.
    const big = [...Array.from({ length: 7998 }, () => BPF_MOV64_IMM(0, 1)), BPF_EXIT_INSN(), BPF_EXIT_INSN()]
    const programs = Array.from({ length: 600 }, (_, index) => func(`p${index}`, 'xdp', index * 2, 2))
    const calls = programs.map((_, index) => ({ offsetBytes: index * 16, type: R_BPF_64_32, symbol: 0 }))
    const callers = programs.flatMap(() => [CALL, BPF_EXIT_INSN()])
    const bytes = writeElf({
      sections: [code('.text', big), code('xdp', callers, calls)],
      symbols: [func('shared', '.text', 0, 8000), ...programs],
    })
    expect(() => loadCollectionSpec(bytes)).toThrow(expect.objectContaining({ code: 'LOADER_TOO_LARGE' }))
  })

  test('a chain of calls of any length needs no stack', () => {
    const count = 20_000
    const chain = Array.from({ length: count }, (_, index) => [
      index + 1 < count ? BPF_CALL_REL(1) : BPF_MOV64_IMM(0, 0),
      BPF_EXIT_INSN(),
    ])
    const bytes = writeElf({
      sections: [code('.text', chain.flat()), code('xdp', [CALL, BPF_EXIT_INSN()], at(R_BPF_64_32, 0))],
      symbols: [...chain.map((_, index) => func(`f${index}`, '.text', index * 2, 2)), func('entry', 'xdp', 0, 2)],
    })
    expect(loadCollectionSpec(bytes).programs.get('entry')?.insns.length).toBe(2 * count + 2)
  })
})

test('any change of any bytes loads or is an error of the packages that read it', () => {
  const [little, big] = seeds() as [Uint8Array, Uint8Array]
  const change = fc.tuple(fc.nat(little.length - 1), fc.nat(255))
  fc.assert(
    fc.property(fc.boolean(), fc.array(change, { minLength: 1, maxLength: 6 }), (isBig, changes) => {
      const bytes = (isBig ? big : little).slice()
      for (const [offset, value] of changes) bytes[offset % bytes.length] = value
      fuzzOnce(bytes)
    }),
    { numRuns: 1500 },
  )
})

test('errors of the layers below keep their class', () => {
  const bytes = writeElf({ sections: [{ name: '.BTF', data: new Uint8Array(24) }] })
  expect(() => loadCollectionSpec(bytes)).toThrow(BtfError)
})
