/** Golden files: lines of `key<TAB>text`, rewritten from the outside tool's answer with BLESS=1. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export type Golden = readonly (readonly [key: string, text: string])[]

const pathOf = (name: string): string => fileURLToPath(new URL(`./${name}`, import.meta.url))

/** Lines that begin with `#` say where the file is from. */
export function readGolden(name: string): Golden {
  if (!existsSync(pathOf(name))) return []
  const lines = readFileSync(pathOf(name), 'utf8').split('\n')
  return lines
    .filter((line) => line !== '' && !line.startsWith('# '))
    .map((line) => {
      const tab = line.indexOf('\t')
      return [line.slice(0, tab), line.slice(tab + 1)] as const
    })
}

/** With BLESS=1 the outside answer becomes the golden file. */
export function blessGolden(name: string, origin: string, golden: Golden): void {
  if (process.env['BLESS'] !== '1') return
  writeFileSync(pathOf(name), `# ${origin}\n${golden.map(([key, text]) => `${key}\t${text}\n`).join('')}`)
}
