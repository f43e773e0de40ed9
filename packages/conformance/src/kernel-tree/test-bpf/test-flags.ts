import type { TranslationUnit } from '@bpfoundry/c-source'

/** A test of a table's `flags` or `aux`, by the name of the constant. */
export type HasFlag = (flags: number, name: string) => boolean

/** Flags as the user's file defines them; one that it does not have is never set. */
export function flagsOf(unit: TranslationUnit): HasFlag {
  const known = new Map<string, number>()
  return (flags, name) => {
    const value = known.get(name) ?? constantOf(unit, name)
    known.set(name, value)
    return (flags & value) !== 0
  }
}

/** A constant of the user's file, 0 where it does not have it. */
export function constantOf(unit: TranslationUnit, name: string): number {
  try {
    const value = unit.evaluateText(name)
    return value.kind === 'number' ? Number(value.value) : 0
  } catch {
    return 0
  }
}
