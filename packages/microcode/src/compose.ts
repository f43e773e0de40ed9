import { type Field, put, take, type Word } from './field.ts'
import { LAYOUTS, type WordClass } from './layouts.ts'

/** Puts a value at its field's place, to be added to the others. @throws MicrocodeError MICROCODE_FIELD */
export type PutField = (value: number | boolean) => number

/** What the words of a class are added up from. Fields that are left out are 0. */
export type Composer<C extends WordClass> = { readonly base: Word } & {
  readonly [F in keyof (typeof LAYOUTS)[C]['fields']]: PutField
}

/**
 * The composer of a class. A program has thousands of words, so where a field lies and what fits is worked out once, and
 * adding a word up allocates nothing.
 */
export function composer<C extends WordClass>(cls: C): Composer<C> {
  const { base, fields }: { readonly base: number; readonly fields: Readonly<Record<string, Field>> } = LAYOUTS[cls]
  const puts = Object.entries(fields).map(([name, field]) => [name, putField(`${cls}.${name}`, field)])
  return { base, ...Object.fromEntries(puts) } as Composer<C>
}

function putField(name: string, field: Field): PutField {
  const [high, low] = field
  const limit = 2 ** (high - low + 1)
  const weight = 2 ** low
  return (value) => {
    const bits = Number(value)
    // No field has more than 16 bits: what is not a whole number, or negative, is changed by the shift.
    return bits >>> 0 === bits && bits < limit ? bits * weight : put(name, field, bits)
  }
}

const FIELDS = new Map<WordClass, readonly (readonly [name: string, field: Field])[]>(
  (Object.keys(LAYOUTS) as WordClass[]).map((cls) => [cls, Object.entries(LAYOUTS[cls].fields)]),
)

/** All fields of a word as a class has them; whether the word is of the class is not looked at. */
export function fieldsOf<C extends WordClass>(
  cls: C,
  word: Word,
): { readonly [F in keyof (typeof LAYOUTS)[C]['fields']]: number } {
  const values: Record<string, number> = {}
  for (const [name, field] of FIELDS.get(cls) ?? []) values[name] = take(word, field)
  return values as { readonly [F in keyof (typeof LAYOUTS)[C]['fields']]: number }
}
