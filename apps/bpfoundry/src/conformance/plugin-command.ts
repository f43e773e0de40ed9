import { bareMachine } from '@bpfoundry/campaign'
import { ConformanceError } from '@bpfoundry/conformance'
import { decodeInsns } from '@bpfoundry/isa'
import type { CommandIo } from '../command-io.ts'
import { sayEngine } from '../engines.ts'
import { EXIT, UsageError } from '../exit-code.ts'

/** `plugin`, as it is typed. */
export interface PluginOptions {
  readonly engine: string
  readonly program?: string
}

/** `bpfoundry plugin`. @returns the exit code */
export async function plugin(memory: string, rest: string, options: PluginOptions, io: CommandIo): Promise<number> {
  if (rest.trim() !== '') {
    throw new UsageError({
      code: 'CLI_PLUGIN_OPTIONS',
      message: 'unknown plugin option',
      got: rest,
      expected: 'none, or --engine=E',
    })
  }
  const machine = bareMachine(sayEngine(options.engine, io))
  try {
    const insns = decodeInsns(hexBytes('program', options.program ?? (await io.readInput())))
    const { r0 } = await machine.run({ name: 'plugin', insns, memory: hexBytes('memory', memory) })
    io.out(`${r0.toString(16)}\n`)
    return EXIT.ok
  } finally {
    machine.close()
  }
}

/** Bytes as the runner writes them, two digits each, with blanks between or without. */
function hexBytes(input: string, text: string): Uint8Array {
  const digits = text.replaceAll(/\s/g, '')
  if (digits.length % 2 === 0 && /^[0-9a-f]*$/i.test(digits)) return new Uint8Array(Buffer.from(digits, 'hex'))
  throw new ConformanceError({
    code: 'CONFORMANCE_HEX',
    message: `the ${input} is not in hex`,
    where: { input },
    got: text.length > 40 ? `${text.slice(0, 40)}...` : text,
    expected: 'two digits for each byte',
  })
}
