/**
 * How many cases a random test takes: what the variable says, else all of `ci` where CI is set, and fewer elsewhere. Each
 * run takes others, of the same kinds.
 */
export function repetitions(variable: string, ci: number, elsewhere: number): number {
  return Number(process.env[variable] ?? (process.env['CI'] === undefined ? elsewhere : ci))
}
