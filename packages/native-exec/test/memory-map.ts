import { readFileSync } from 'node:fs'

/** A line of /proc/self/maps. @see proc_pid_maps(5) */
export interface Mapping {
  readonly start: number
  readonly end: number
  /** Four letters: `r-xp`. */
  readonly protection: string
}

const LINE = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) /

export function mappings(): Mapping[] {
  const lines = readFileSync('/proc/self/maps', 'utf8').trimEnd().split('\n')
  return lines.map((line) => {
    const [, start, end, protection] = LINE.exec(line) as unknown as [string, string, string, string]
    return { start: Number.parseInt(start, 16), end: Number.parseInt(end, 16), protection }
  })
}

export function mappingOf(address: number): Mapping | undefined {
  return mappings().find(({ start, end }) => address >= start && address < end)
}

export function protectionOf(address: number): string {
  return mappingOf(address)?.protection ?? 'unmapped'
}
