import { spawnSync } from 'node:child_process'
import { CbpfError, compileFilter, formatClassicProgram, readDecimal } from '../../src/index.ts'

/** A filter to be compiled. */
export interface FilterCase {
  readonly linkType: string
  readonly optimize: boolean
  readonly expression: string
}

/** What tcpdump makes of it: `N,code jt jf k,...`, or its message behind `error: `. */
export function tcpdumpAnswer({ linkType, optimize, expression }: FilterCase): string {
  const options = [...(optimize ? [] : ['-O']), '-y', linkType, '-ddd', '--', expression]
  const { status, stdout, stderr } = spawnSync('tcpdump', options, { encoding: 'utf8' })
  if (status === 0) return formatClassicProgram(readDecimal(stdout), 'xt-bpf')
  const message = stderr.split('\n').find((line) => line.startsWith('tcpdump: ') && !line.includes('Warning'))
  return `error: ${(message ?? stderr).replace('tcpdump: ', '').replace("can't parse filter expression: ", '')}`
}

/** Releases of libpcap differ in what they make of some filters. */
const LIBPCAP = 'libpcap version 1.10.3'

/** Why tcpdump's programs can't be compared; undefined where they can. */
export const libpcapMissing: string | undefined = probe()

function probe(): string | undefined {
  const { error, stdout } = spawnSync('tcpdump', ['--version'], { encoding: 'utf8' })
  if (error !== undefined) return `no tcpdump: ${error.message}`
  return stdout.includes(LIBPCAP) ? undefined : `not ${LIBPCAP}: ${stdout.replaceAll('\n', ', ')}`
}

/** The same from here. */
export function ourAnswer({ linkType, optimize, expression }: FilterCase): string {
  try {
    return formatClassicProgram(compileFilter(expression, { linkType, optimize }), 'xt-bpf')
  } catch (error) {
    if (error instanceof CbpfError) return `error: ${error.message}`
    throw error
  }
}
