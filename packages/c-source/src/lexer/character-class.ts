/** What a character may be part of; characters past ASCII count as letters, as clang takes them in names. */
export const CLASS = { other: 0, letter: 1, digit: 2, space: 3, newline: 4, quote: 5 } as const

const ASCII = 128
const TABLE = Uint8Array.from({ length: ASCII }, (_, code) => classOfCharacter(String.fromCharCode(code)))

function classOfCharacter(character: string): number {
  if (/[A-Za-z_$]/.test(character)) return CLASS.letter
  if (/\d/.test(character)) return CLASS.digit
  if (character === '\n') return CLASS.newline
  if (/\s/.test(character)) return CLASS.space
  return character === '"' || character === "'" ? CLASS.quote : CLASS.other
}

/** The class of a UTF-16 code unit; that of the end of a text (NaN) is `other`. */
export function classOf(code: number): number {
  return code < ASCII ? (TABLE[code] as number) : code >= ASCII ? CLASS.letter : CLASS.other
}

/** Letters and digits: what a name goes on with. */
export function continuesName(code: number): boolean {
  const kind = classOf(code)
  return kind === CLASS.letter || kind === CLASS.digit
}
