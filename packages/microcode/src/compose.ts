import { type Field, put, type Word } from './field.ts'
import { LAYOUTS, type WordClass } from './layouts.ts'

/** Values of the fields of a class; those left out are 0. */
export type FieldValues<C extends WordClass> = {
  readonly [F in keyof (typeof LAYOUTS)[C]['fields']]?: number | boolean
}

/** A word of a class from the values of its fields. @throws MicrocodeError MICROCODE_FIELD */
export function compose<C extends WordClass>(cls: C, values: FieldValues<C>): Word {
  const row: { readonly base: number; readonly fields: Readonly<Record<string, Field>> } = LAYOUTS[cls]
  let word = row.base
  for (const [name, value] of Object.entries(values as Readonly<Record<string, number | boolean>>)) {
    const field = row.fields[name]
    if (field !== undefined) word += put(`${cls}.${name}`, field, value)
  }
  return word
}
