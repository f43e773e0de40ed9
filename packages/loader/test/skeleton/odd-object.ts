import { BTF_INT_ENCODING, BTF_KIND, BTF_LINKAGE, BtfBuilder, type BtfMember } from '@bpfoundry/btf'
import { writeElf } from '@bpfoundry/elf'
import { code, data, func, object, PASS, sectionSymbol } from '../object.ts'

/** Names that no compiler makes, and a damaged or hostile object may have. */
export const ODD_NAMES: readonly string[] = [
  "'); globalThis.escaped = true; ('",
  '"; globalThis.escaped = true; "',
  '*/ globalThis.escaped = true /*',
  'line\nglobalThis.escaped = true',
  'line\u2028globalThis.escaped = true',
  `\${globalThis.escaped = true}`,
  '`',
  '\\',
  "\\'",
  '__proto__',
  'constructor',
  'toString',
  'class',
  'default',
  'a b',
  '1st',
  'ü',
  '\u{1f600}',
  '//',
  'SkeletonDefinition',
  'Uint8Array',
  'Record',
  'OBJECT',
]

/** An object with variables, programs, structs, members, enums and enumerators of these names. */
export function oddObject(names: readonly string[] = ODD_NAMES): Uint8Array {
  const builder = new BtfBuilder()
  const u32 = builder.add({
    ...{ kind: BTF_KIND.INT, name: 'unsigned int', sizeBytes: 4, encoding: 0, bitOffset: 0, bits: 32 },
  })
  const members: Omit<BtfMember, 'nameOffset'>[] = names.map((name, index) => ({
    ...{ name, typeId: u32, bitOffset: index * 32, bitfieldBits: 0 },
  }))
  const sizeBytes = names.length * 4
  const values = [...names, ...names].map((name, index) => ({ name, value: BigInt(index) }))
  const entries: { typeId: number; offsetBytes: number; sizeBytes: number }[] = []
  const symbols = []
  let at = 0
  for (const [index, name] of names.entries()) {
    const struct = { kind: BTF_KIND.STRUCT, name, sizeBytes, kindFlag: false, members } as const
    const modes = { kind: BTF_KIND.ENUM, name, sizeBytes: 4, signed: false, values } as const
    const typeId = builder.add(index % 2 === 0 ? struct : modes)
    const bytes = index % 2 === 0 ? sizeBytes : 4
    entries.push({
      typeId: builder.add({ kind: BTF_KIND.VAR, name, typeId, linkage: BTF_LINKAGE.GLOBAL }),
      ...{ offsetBytes: at, sizeBytes: bytes },
    })
    symbols.push(object(name, '.data', at, bytes))
    at += bytes
  }
  builder.add({ kind: BTF_KIND.DATASEC, name: '.data', sizeBytes: at, entries })
  const programs = names.map((name, index) => func(`${name} `, 'xdp', index * PASS.length, PASS.length))
  const insns = names.flatMap(() => PASS)
  return writeElf({
    sections: [code('xdp', insns), data('.data', new Uint8Array(at)), { name: '.BTF', data: builder.build().encode() }],
    symbols: [sectionSymbol('xdp'), ...programs, ...symbols],
  })
}

/** An object with a struct of all that C lays out in odd ways. */
export function flowObject(): Uint8Array {
  const builder = new BtfBuilder()
  const int = (name: string, sizeBytes: number, encoding: number): number =>
    builder.add({ kind: BTF_KIND.INT, name, sizeBytes, encoding, bitOffset: 0, bits: sizeBytes * 8 })
  const bool = int('_Bool', 1, BTF_INT_ENCODING.BOOL)
  const typedef = builder.add({ kind: BTF_KIND.TYPEDEF, name: 'bool', typeId: bool })
  const be16 = builder.add({ kind: BTF_KIND.TYPEDEF, name: '__be16', typeId: int('unsigned short', 2, 0) })
  const u32 = int('unsigned int', 4, 0)
  const array = (elementTypeId: number, length: number): number =>
    builder.add({ kind: BTF_KIND.ARRAY, name: '', elementTypeId, indexTypeId: u32, length })
  const member = (name: string, typeId: number, bitOffset: number, bitfieldBits = 0) => ({
    ...{ name, typeId, bitOffset, bitfieldBits },
  })
  const struct = (name: string, sizeBytes: number, members: Omit<BtfMember, 'nameOffset'>[]): number =>
    builder.add({ kind: BTF_KIND.STRUCT, name, sizeBytes, kindFlag: true, members })
  const alternatives = [member('v4', u32, 0), member('v6', array(int('unsigned char', 1, 0), 8), 0)]
  const address = builder.add({
    ...{ kind: BTF_KIND.UNION, name: '', sizeBytes: 8, kindFlag: false, members: alternatives },
  })
  const values = [
    { name: 'OFF', value: 0n },
    { name: 'ON', value: 1n },
  ]
  const mode = builder.add({ kind: BTF_KIND.ENUM, name: 'mode', sizeBytes: 4, signed: false, values })
  const inner = struct('', 4, [member('mode', mode, 0)])
  const text = array(int('char', 1, BTF_INT_ENCODING.SIGNED), 3)
  struct('flow', 24, [
    ...[member('active', typedef, 0), member('port', be16, 16), member('', address, 32)],
    ...[member('low', u32, 96, 3), member('high', u32, 99, 5)],
    ...[member('name', text, 128), member('inner', inner, 160)],
  ])
  return writeElf({
    sections: [code('xdp', PASS), { name: '.BTF', data: builder.build().encode() }],
    symbols: [func('pass', 'xdp', 0, PASS.length)],
  })
}
