/** Words that can't be the name of a constant in a module. @see ECMA-262, section 12.7.2 */
const RESERVED: ReadonlySet<string> = new Set([
  ...['arguments', 'async', 'await', 'break', 'case', 'catch', 'class', 'const', 'continue', 'debugger', 'default'],
  ...['delete', 'do', 'else', 'enum', 'eval', 'export', 'extends', 'false', 'finally', 'for', 'function', 'if'],
  ...['implements', 'import', 'in', 'instanceof', 'interface', 'let', 'new', 'null', 'package', 'private', 'protected'],
  ...['public', 'return', 'static', 'super', 'switch', 'this', 'throw', 'true', 'try', 'typeof', 'undefined', 'var'],
  ...['void', 'while', 'with', 'yield'],
])

/** Whether it can be the name of a constant. */
export function isConstantName(text: string): boolean {
  return /^[A-Za-z_$][A-Za-z0-9_$]*$/.test(text) && !RESERVED.has(text)
}

/** `packetCounts` for `packet_counts`; always a constant's name, whatever the text. */
export function constantName(text: string): string {
  const pascal = typeName(text)
  const name = pascal.charAt(0).toLowerCase() + pascal.slice(1)
  return isConstantName(name) ? name : `${name}_`
}

/** `PacketCounts` for `packet_counts`; always a type's name, whatever the text. */
export function typeName(text: string): string {
  const words = text.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
  return /^[A-Z]/.test(name) ? name : `T${name}`
}

/** A literal whose value is the text: no character ends it, or the line. */
export function quoted(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")
  return `'${inner.replaceAll(/[\x7f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`
}

/** A property's name, as it stands in a type. */
export function propertyName(text: string): string {
  return /^[A-Za-z_$][A-Za-z0-9_$]*$/.test(text) ? text : quoted(text)
}

/** A property's name, as it stands in an object: `__proto__` would be no property there. */
export function propertyKey(text: string): string {
  return text === '__proto__' ? "['__proto__']" : propertyName(text)
}

/** Text in a comment, which it can't end. */
export function commented(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').replaceAll('*/', '* /')
}
