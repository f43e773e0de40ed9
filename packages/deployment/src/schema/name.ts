import { z } from 'zod'

const NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,31}$/

/** What things are called. Interface names have the kernel's limit of 15 characters in mind, others have room. */
export function named<Value>(
  value: z.ZodType<Value, unknown>,
  description: string,
): z.ZodType<Readonly<Record<string, Value>>> {
  return z
    .record(z.string().regex(NAME, 'no name: letters, digits, _ and -, at most 32 of them, a letter first'), value)
    .meta({ description })
}

/** A name of something elsewhere in the file. */
export function reference(description: string): z.ZodType<string> {
  return z.string().min(1).max(100).meta({ description })
}
