import { frameBuffer, readDecimal } from '@bpfoundry/cbpf'
import { ENGINE_NAMES, engineByName } from '@bpfoundry/testbench'
import { expect, test } from 'vitest'
import { captures } from '../../../../fixtures/captures/captures.ts'
import { compileFilter, EXPRESSIONS, tcpdumpMissing } from '../../../cbpf/test/tcpdump.ts'
import { readCapture } from '../../../packet/src/index.ts'
import { createClassicRunner, createTranslatedRunner } from '../../src/index.ts'

/** One capture with some of everything; the machine is held against tcpdump on all of them. */
const mixed = captures().get('mixed.pcap') as Uint8Array
const frames = [...readCapture(mixed)].map(({ data }) => data).slice(0, 200)

test('filters of tcpdump return on every engine what they return on the machine', ({ skip }) => {
  if (tcpdumpMissing !== undefined) skip(`${EXPRESSIONS.length} filters on ${frames.length} packets: ${tcpdumpMissing}`)
  const engines = ENGINE_NAMES.filter((name) => name !== 'auto')
  const machine = createClassicRunner()
  const runners = engines.map((name) => createTranslatedRunner(engineByName(name)))
  let accepted = 0
  for (const expression of EXPRESSIONS) {
    const insns = readDecimal(compileFilter('-ddd', expression))
    const results = (runner: typeof machine): number[] => {
      const program = runner.load(insns)
      const values = frames.map((frame) => program.run(frameBuffer(frame)))
      program.release()
      return values
    }
    const wanted = results(machine)
    for (const runner of runners) expect(results(runner), `${expression} on ${runner.engine}`).toEqual(wanted)
    accepted += wanted.filter((value) => value > 0).length
  }
  for (const runner of runners) runner.close()
  expect(accepted).toBeGreaterThan(frames.length)
})
