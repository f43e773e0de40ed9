import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A tool of the kernel tree's tools/bpf: what the environment names (BPF_ASM, BPF_DBG), or what is on the path.
 *
 * @returns undefined where there is none
 */
export function kernelTool(name: 'bpf_asm' | 'bpf_dbg'): string | undefined {
  const path = process.env[name.toUpperCase()] ?? name
  return spawnSync(path, [], { input: '' }).error === undefined ? path : undefined
}

const pathOf = (name: string): string => join(import.meta.dirname, name)

/** A golden file of one JSON value a line. */
export function readGoldenLines<Row>(name: string): readonly Row[] {
  if (!existsSync(pathOf(name))) return []
  return readFileSync(pathOf(name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)
}

/** With BLESS=1 the tool's answers become the golden file. */
export function blessGoldenLines(name: string, rows: readonly unknown[]): void {
  if (process.env['BLESS'] !== '1') return
  writeFileSync(pathOf(name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
}
