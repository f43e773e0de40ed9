/** The same order everywhere, whatever the locale; numbers in names by value. */
export function compareText(a: string, b: string): number {
  const [x, y] = [a, b].map((text) => text.replace(/\d+/g, (digits) => digits.padStart(8, '0'))) as [string, string]
  return x < y ? -1 : x > y ? 1 : 0
}
