import { BTF_KIND, BTF_LINKAGE, BtfBuilder, encodeBtfExt } from '@bpfoundry/btf'
import { STB_LOCAL, STB_WEAK, STT_OBJECT, writeElf } from '@bpfoundry/elf'
import { encodeInsns } from '@bpfoundry/isa'
import { CALL, code, data, func, LOAD, object, PASS, R_BPF_64_32, R_BPF_64_64, sectionSymbol } from '../object.ts'

/** A small object that goes together with itself: all that it shares is weak, and has its type. */
export function linkableObject(byteOrder: 'little' | 'big' = 'little'): Uint8Array {
  const insns = [...LOAD, CALL, ...PASS]
  const btf = new BtfBuilder()
  const int = btf.add({ kind: BTF_KIND.INT, name: 'int', sizeBytes: 4, encoding: 1, bitOffset: 0, bits: 32 })
  const proto = btf.add({ kind: BTF_KIND.FUNC_PROTO, name: '', returnTypeId: int, parameters: [] })
  const { GLOBAL, STATIC, EXTERN } = BTF_LINKAGE
  const entry = btf.add({ kind: BTF_KIND.FUNC, name: 'entry', typeId: proto, linkage: GLOBAL })
  btf.add({ kind: BTF_KIND.FUNC, name: 'elsewhere', typeId: proto, linkage: EXTERN })
  const own = btf.add({ kind: BTF_KIND.VAR, name: 'own', typeId: int, linkage: STATIC })
  const shared = btf.add({ kind: BTF_KIND.VAR, name: 'shared', typeId: int, linkage: GLOBAL })
  const entries = [
    { typeId: own, offsetBytes: 0, sizeBytes: 4 },
    { typeId: shared, offsetBytes: 4, sizeBytes: 4 },
  ]
  btf.add({ kind: BTF_KIND.DATASEC, name: '.data', sizeBytes: 8, entries })
  const functions = [{ pc: 0, typeId: entry }]
  const lines = [{ pc: 0, file: 'a.c', text: 'int entry()', line: 1, column: 1 }]
  const coreRelocations = [{ pc: 0, typeId: int, access: '0', kind: 9 }]
  const records = new Map([['xdp', { functions, lines, coreRelocations }]])
  const ext = encodeBtfExt(records, (text) => btf.addString(text), byteOrder)
  const relocations = [
    { offsetBytes: 0, type: R_BPF_64_64, symbol: 0 },
    { offsetBytes: 16, type: R_BPF_64_32, symbol: 3 },
  ]
  return writeElf({
    byteOrder,
    sections: [
      { ...code('xdp', insns, relocations), data: encodeInsns(insns, { byteOrder }) },
      data('.data', [1, 0, 0, 0, 2, 0, 0, 0]),
      data('license', new TextEncoder().encode('GPL\0')),
      { name: '.BTF', data: btf.build(byteOrder).encode() },
      { name: '.BTF.ext', data: ext },
    ],
    symbols: [
      sectionSymbol('.data'),
      { name: 'own', section: '.data', value: 0, sizeBytes: 4, type: STT_OBJECT, bind: STB_LOCAL },
      { ...func('entry', 'xdp', 0, insns.length), bind: STB_WEAK },
      { name: 'elsewhere', bind: STB_WEAK },
      { ...object('shared', '.data', 4, 4), bind: STB_WEAK },
    ],
  })
}
