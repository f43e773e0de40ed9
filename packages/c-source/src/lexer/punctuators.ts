/** C11 6.4.6 without the digraphs; longest first within a first character. */
const PUNCTUATORS = [
  ...['...', '<<=', '>>='],
  ...['->', '++', '--', '<<', '>>', '<=', '>=', '==', '!=', '&&', '||'],
  ...['*=', '/=', '%=', '+=', '-=', '&=', '^=', '|=', '##'],
  ...[
    '[',
    ']',
    '(',
    ')',
    '{',
    '}',
    '.',
    '&',
    '*',
    '+',
    '-',
    '~',
    '!',
    '/',
    '%',
    '<',
    '>',
    '^',
    '|',
    '?',
    ':',
    ';',
    '=',
    ',',
    '#',
  ],
]

const BY_FIRST = new Map<string, string[]>()
for (const punctuator of PUNCTUATORS) {
  const first = punctuator.charAt(0)
  BY_FIRST.set(first, [...(BY_FIRST.get(first) ?? []), punctuator])
}

/** The longest punctuator that `text` has at `at`; undefined where there is none. */
export function punctuatorAt(text: string, at: number): string | undefined {
  const candidates = BY_FIRST.get(text.charAt(at))
  if (candidates === undefined) return undefined
  if (candidates.length === 1) return candidates[0]
  return candidates.find((punctuator) => text.startsWith(punctuator, at))
}
