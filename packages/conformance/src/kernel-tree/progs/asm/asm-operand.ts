import {
  type AsmOperand,
  type AsmStatement,
  type CAddress,
  type CNumber,
  CSourceError,
  type TranslationUnit,
} from '@bpfoundry/c-source'

/** An operand as the template has it, and what must be loaded for it before. */
export interface OperandText {
  readonly text: string
  /** `r6 = vals ll`. */
  readonly load?: string
}

/** Operands whose value is a constant of the assembly, and those that come in a register. */
const IMMEDIATE = /^[ins]$/
const REGISTER = /^r$/

/** Of what the statement leaves alone, the compiler takes registers in this order. */
const ALLOCATION_ORDER = [1, 2, 3, 4, 5, 0, 6, 7, 8, 9]

/** Why an operand takes a compiler; undefined where it does not. */
export function compilerOperand({ outputs, inputs }: AsmStatement): string | undefined {
  if (outputs.length > 0) return 'assembly with outputs'
  const other = inputs.find(({ constraint }) => !IMMEDIATE.test(constraint) && !REGISTER.test(constraint))
  return other === undefined ? undefined : `an operand '${other.name}' of constraint "${other.constraint}"`
}

/**
 * The operands of a statement. The address of a symbol as an `"r"` operand is loaded into a register that the statement
 * does not clobber.
 *
 * @throws {CSourceError} C_VALUE for an operand that is no constant or address
 */
export function operandTexts(unit: TranslationUnit, statement: AsmStatement): OperandText[] {
  const clobbered = new Set(statement.clobbers)
  const free = ALLOCATION_ORDER.filter((register) => !clobbered.has(`r${register}`))
  return statement.inputs.map((operand) => {
    const value = constantOf(unit, operand)
    if (IMMEDIATE.test(operand.constraint)) return { text: immediateText(value) }
    const register = free.shift()
    if (register === undefined) throw problem(operand, 'an operand for which no register is left', operand.name)
    return { text: `r${register}`, load: loadText(register, value) }
  })
}

/** A helper is a variable whose value is its number; everything else that has a name stays one. */
function constantOf(unit: TranslationUnit, operand: AsmOperand): CNumber | CAddress {
  const value = unit.evaluate(operand.expression)
  if (value.kind === 'address') {
    const number = helperNumber(unit, value.symbol)
    return number ?? value
  }
  if (value.kind === 'number') return value
  throw problem(operand, 'an operand that is neither a number nor an address', value.kind)
}

function helperNumber(unit: TranslationUnit, symbol: string): CNumber | undefined {
  const variable = unit.variables.get(symbol)
  if (variable?.storage !== 'static' || !variable.hasInitializer || !symbol.startsWith('bpf_')) return undefined
  const value = unit.valueOf(symbol)
  return value.kind === 'number' ? value : undefined
}

/** Of an address clang writes the symbol alone, whatever the offset from it. */
function immediateText(value: CNumber | CAddress): string {
  return value.kind === 'number' ? String(BigInt.asIntN(64, value.value)) : value.symbol
}

function loadText(register: number, value: CNumber | CAddress): string {
  if (value.kind === 'number') return `r${register} = ${immediateText(value)}`
  const { symbol, offsetBytes } = value
  const offset = offsetBytes === 0 ? '' : ` ${offsetBytes < 0 ? '-' : '+'} ${Math.abs(offsetBytes)}`
  return `r${register} = ${symbol}${offset} ll`
}

function problem(operand: AsmOperand, message: string, got: string): CSourceError {
  return new CSourceError({
    code: 'C_VALUE',
    message,
    where: { source: operand.expression.span },
    got: operand.name === '' ? got : `${operand.name}: ${got}`,
  })
}
