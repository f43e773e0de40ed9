import { BTF_KIND } from '../btf-kind.ts'
import type { BtfEnum } from '../btf-type.ts'
import { type CText, newLine } from './c-text.ts'

/** Writes `enum name { ... }`, and what makes it as wide as it was. */
export function putEnum(text: CText, type: BtfEnum, level: number): void {
  const { names } = text
  text.put(`enum${type.nameOffset === 0 ? '' : ' '}${names.tag(type)}`)
  if (type.values.length === 0) return
  text.limit.spend(type.id, type.values.length)
  const suffix = type.kind === BTF_KIND.ENUM ? '' : type.signed ? 'LL' : 'ULL'
  text.put(' {')
  for (const { name, value } of type.values)
    text.put(`${newLine(level + 1)}${names.enumerator(name)} = ${value}${suffix},`)
  text.put(`${newLine(level)}}${mode(type, text.layout.pointerBytes)}`)
}

/** Compilers make enums 4 bytes wide, or 8 where a value needs it. */
function mode(type: BtfEnum, pointerBytes: number): string {
  if (type.sizeBytes === 1) return ' __attribute__((mode(byte)))'
  const isWide = type.sizeBytes === 8 && pointerBytes === 8
  return isWide && !needsWidth(type) ? ' __attribute__((mode(word)))' : ''
}

function needsWidth({ kind, values }: BtfEnum): boolean {
  return kind === BTF_KIND.ENUM64 && values.some(({ value }) => BigInt.asUintN(64, value) >> 32n !== 0n)
}
