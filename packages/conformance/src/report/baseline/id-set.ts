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
  const { at = '', suffix = '' } = /(?<at>[^/]*?)(?<suffix>@[^@/#:]*)?$/.exec(id)?.groups ?? {}
  const start = id.length - at.length - suffix.length
  const separator = at.search(/[#:]/)
  if (separator < 0) return { group: escaped(id), member: ALONE }
  return {
    group: escaped(id.slice(0, start + separator) + suffix),
    member: memberOf(at[separator] as string, at.slice(separator + 1)),
  }
}

/** A member of a group that has no others. */
const ALONE = '%'

/** Numbers come after `#`, names after `:`; what is otherwise, or looks like a range, is marked. */
function memberOf(separator: string, place: string): string {
  const usual = isNumber(place) === (separator === '#') && place !== '' && !RANGE.test(place)
  return usual ? escaped(place) : `%${separator}${escaped(place)}`
}

const RANGE = /^(\d{1,9})-(\d{1,9})$/

/** Members are separated by spaces. */
const escaped = (text: string): string => text.replace(/[\s%]/g, (found) => encodeURIComponent(found))

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
