import { type AsmStatement, CSourceError } from '@bpfoundry/c-source'

/** `%[name]`, `%0`, `%%`, `%=`; a letter before an operand would change how it is printed. */
const ESCAPE = /%(?:([A-Za-z])?(?:\[(\w+)\]|(\d+))|([%=])|)/g

/**
 * The text of an asm statement with its operands put in, as the compiler hands it to its assembler.
 *
 * @param operandText the text of the operand in that place, outputs first
 * @param unique what `%=` stands for: another number in every statement
 * @throws {CSourceError} C_NAME for an operand that there is not, C_SYNTAX for another escape
 */
export function expandTemplate(
  statement: AsmStatement,
  operandText: (index: number) => string,
  unique: number,
): string {
  const names = [...statement.outputs, ...statement.inputs].map(({ name }) => name)
  return statement.template.replaceAll(ESCAPE, (found, modifier, name, position, special) => {
    if (special !== undefined) return special === '%' ? '%' : String(unique)
    const index = name === undefined ? Number(position ?? Number.NaN) : names.indexOf(name)
    if (modifier !== undefined || Number.isNaN(index)) throw problem(statement, 'C_SYNTAX', 'an escape', found)
    if (index < 0 || index >= names.length) throw problem(statement, 'C_NAME', 'an operand', found)
    return operandText(index)
  })
}

function problem(statement: AsmStatement, code: 'C_SYNTAX' | 'C_NAME', what: string, got: string): CSourceError {
  return new CSourceError({
    code,
    message: `${what} of inline assembly that is not known`,
    where: { source: statement.span },
    got,
  })
}
