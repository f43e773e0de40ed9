import { type Field, put, take, type Word } from './field.ts'
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

/** All fields of a word as a class has them; whether the word is of the class is not looked at. */
export function fieldsOf<C extends WordClass>(
  cls: C,
  word: Word,
): { readonly [F in keyof (typeof LAYOUTS)[C]['fields']]: number } {
  const fields: Readonly<Record<string, Field>> = LAYOUTS[cls].fields
  const values = Object.entries(fields).map(([name, field]) => [name, take(word, field)])
  return Object.fromEntries(values) as { readonly [F in keyof (typeof LAYOUTS)[C]['fields']]: number }
}
