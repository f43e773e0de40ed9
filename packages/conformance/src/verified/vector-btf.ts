import { type Btf, BtfError, decodeBtf, type FunctionInfo, type LineInfo } from '@bpfoundry/btf'
import type { VectorBtf } from '../vector/vector.ts'

const COLUMN_BITS = 10

/** BTF that is used again from case to case: of one object file, mostly. */
let last: { readonly bytes: Uint8Array; readonly btf: Btf } | undefined

/** @throws Error whose message answers the case */
export function decodeVectorBtf(bytes: Uint8Array): Btf {
  if (last === undefined || Buffer.compare(last.bytes, bytes) !== 0) last = { bytes, btf: loadBtf(bytes) }
  return last.btf
}

/** Of modules, which many cases share. */
const ofModules = new WeakMap<Uint8Array, Btf>()

/** @throws Error whose message answers the case */
export function decodeModuleBtf(bytes: Uint8Array): Btf {
  const btf = ofModules.get(bytes) ?? loadBtf(bytes)
  ofModules.set(bytes, btf)
  return btf
}

/** What BPF_BTF_LOAD does: one that is refused answers the case, in the running kernel's case by its errno. */
function loadBtf(bytes: Uint8Array): Btf {
  try {
    return decodeBtf(bytes)
  } catch (error) {
    if (error instanceof BtfError) throw new Error(`BTF load: EINVAL (${error.message})`, { cause: error })
    throw error
  }
}

/** The type information of a program, as its load takes it. @throws Error whose message answers the case */
export function programBtf({ bytes, functions, lines }: VectorBtf): {
  readonly btf: Btf
  readonly functionInfo: readonly FunctionInfo[]
  readonly lineInfo: readonly LineInfo[]
} {
  const btf = decodeVectorBtf(bytes)
  const lineInfo = lines.map(({ pc, fileNameOffset, lineOffset, lineColumn }) => ({
    pc,
    file: textAt(btf, fileNameOffset),
    text: textAt(btf, lineOffset),
    line: lineColumn >>> COLUMN_BITS,
    column: lineColumn & ((1 << COLUMN_BITS) - 1),
  }))
  return { btf, functionInfo: functions, lineInfo }
}

/** A string of the BTF; of what is none the kernel makes as little. */
function textAt(btf: Btf, offset: number): string {
  try {
    return btf.strings.at(offset, 0)
  } catch (error) {
    if (error instanceof BtfError) return ''
    throw error
  }
}
