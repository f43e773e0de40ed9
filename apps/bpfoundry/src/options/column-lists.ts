import { InvalidArgumentError } from 'commander'
import { COLUMNS, type Column, columnNamed, type SortOrder } from '../statistics/columns.ts'

/** `insns,states` of `--emit`. @throws InvalidArgumentError */
export function columnList(text: string): readonly Column[] {
  return text.split(',').map(columnOrThrow)
}

/** `insns^,prog` of `--sort`: with `^` ascending, else the largest first; words ascending. @throws InvalidArgumentError */
export function sortList(text: string): readonly SortOrder[] {
  return text.split(',').map((name) => {
    const ascends = name.endsWith('^')
    const column = columnOrThrow(ascends ? name.slice(0, -1) : name)
    return { column, descending: !ascends && !WORDS.has(column.name) }
  })
}

const WORDS: ReadonlySet<string> = new Set(['file_name', 'prog_name', 'verdict', 'prog_type'])

function columnOrThrow(name: string): Column {
  const column = columnNamed(name)
  if (column !== undefined) return column
  throw new InvalidArgumentError(`no such column: ${name}; there are ${COLUMNS.map((one) => one.name).join(', ')}.`)
}
