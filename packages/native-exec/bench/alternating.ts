/** Things that are compared are measured in turns, so that a slow second of the machine is everybody's. */

/** What is measured: does `times` of it. */
export type Body = (times: number) => void

const ROUNDS = 60

/** Nanoseconds of one, the best round of each. */
export function alternating(bodies: Readonly<Record<string, Body>>, times: number): Record<string, number> {
  const best: Record<string, number> = {}
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, body] of Object.entries(bodies)) {
      const start = process.hrtime.bigint()
      body(times)
      const ns = Number(process.hrtime.bigint() - start) / times
      best[name] = Math.min(best[name] ?? Number.POSITIVE_INFINITY, Math.round(ns * 10) / 10)
    }
  }
  return best
}
