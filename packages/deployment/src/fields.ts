/** The fields of an object that are not among the names. */
export function without<Fields extends object, Name extends keyof Fields>(
  fields: Fields,
  names: readonly Name[],
): Omit<Fields, Name> {
  const left = Object.entries(fields).filter(([name]) => !names.includes(name as Name))
  return Object.fromEntries(left) as Omit<Fields, Name>
}

/** The fields of an object that have a value. */
export function defined<Fields extends object>(fields: Fields): { [Key in keyof Fields]?: NonNullable<Fields[Key]> } {
  const left = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(left) as { [Key in keyof Fields]?: NonNullable<Fields[Key]> }
}
