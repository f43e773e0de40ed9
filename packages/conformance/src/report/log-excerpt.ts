/** A log of more lines is cut in the middle: it begins with the program, and the reason stands at its end. */
const FIRST_LINES = 60
const LAST_LINES = 240
/** A longer line is cut: a state can list 64 stack slots. */
const LINE_CHARACTERS = 2000

/** A log for a report: of a long one the beginning and the end, and how much was left out. */
export function shortened(log: string): string {
  const lines = log.split('\n')
  const omitted = lines.length - FIRST_LINES - LAST_LINES
  const chosen =
    omitted > 1 ? [...lines.slice(0, FIRST_LINES), `(${omitted} lines omitted)`, ...lines.slice(-LAST_LINES)] : lines
  return chosen.map(shortenedLine).join('\n')
}

function shortenedLine(line: string): string {
  if (line.length <= LINE_CHARACTERS) return line
  return `${line.slice(0, LINE_CHARACTERS)} (${line.length - LINE_CHARACTERS} characters omitted)`
}
