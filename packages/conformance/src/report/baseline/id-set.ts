/** An id in two parts: the list that it stands in, and its place there, without spaces. */
export interface IdParts {
  readonly group: string
  readonly member: string
}

/**
 * Splits an id of a case: `verifier/and.c#3@unpriv` is member `3` of `verifier/and.c@unpriv`, `progs/a.c:name` member
 * `name` of `progs/a.c`. An id of another form is the only member of a group of its own.
 */
export function splitId(id: string): IdParts {
  const { at, suffix = '' } = /(?<at>[^/]*?)(?<suffix>@[^@/#:]*)?$/.exec(id)?.groups ?? {}
  const start = id.length - (at ?? '').length - suffix.length
  const separator = id.slice(start).search(/[#:]/)
  if (separator < 0) return { group: escaped(id), member: ALONE }
  const member = id.slice(start + separator + 1, id.length - suffix.length)
  return { group: escaped(id.slice(0, start + separator) + suffix), member: escapedMember(member) }
}

/** A member of a group that has no others. */
const ALONE = '-'

/** Members are separated by spaces, and ranges hold a `-` between digits; nothing else is special. */
const escaped = (text: string): string => text.replace(/[\s%]/g, (found) => encodeURIComponent(found))

/** A name that looks like a range is none. */
const escapedMember = (text: string): string => (RANGE.test(text) ? text.replace('-', '%2D') : escaped(text))

const RANGE = /^(\d{1,9})-(\d{1,9})$/

/** The file that a group is of, whatever the privileges. */
export function fileOfGroup(group: string): string {
  return group.replace(/@[^@/]*$/, '')
}

/** Members as one line: numbers first, in ranges (`0-3 7`), then names, all sorted. */
export function formatMembers(members: Iterable<string>): string {
  const all = [...new Set(members)]
  const numbers = all.filter(isNumber).map(Number)
  const names = all.filter((member) => !isNumber(member))
  return [...ranges(numbers.sort((a, b) => a - b)), ...names.sort()].join(' ')
}

/** The other way round. */
export function readMembers(line: string): string[] {
  return line.split(' ').flatMap((word) => {
    const [, from, to] = RANGE.exec(word) ?? []
    if (from === undefined || to === undefined) return word === '' ? [] : [word]
    return Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => String(Number(from) + index))
  })
}

/** As an index is written: no sign, no zeros in front. */
const isNumber = (member: string): boolean => /^(0|[1-9]\d{0,8})$/.test(member)

function ranges(sorted: readonly number[]): string[] {
  const words: string[] = []
  for (let start = 0; start < sorted.length; ) {
    let end = start
    while (sorted[end + 1] === (sorted[end] as number) + 1) end++
    words.push(end === start ? `${sorted[start]}` : `${sorted[start]}-${sorted[end]}`)
    start = end + 1
  }
  return words
}
