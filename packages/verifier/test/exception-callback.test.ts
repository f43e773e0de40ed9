import { assembleLlvm } from '@bpfoundry/isa'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { expect, it } from 'vitest'
import { verify } from '../src/index.ts'
import { describeFunctions } from './support/functions.ts'

/** A program with a global function `caught` that it calls, and what its main function is tagged with. */
function verdictOn(tag: string): string {
  const { insns } = assembleLlvm('r1 = 1\ncall caught\nr0 = 2\nexit\ncaught: r0 = r1\nexit')
  const main = { name: 'main', args: [{ struct: 'xdp_md', bytes: 24 }], tags: [[-1, tag] as const] }
  const types = describeFunctions(insns, [main, { name: 'caught', args: ['int'] }])
  const rest = { name: 'p', type: PROG_TYPE.XDP, expectedAttachType: 0, gplCompatible: true, maps: new Map() }
  const result = verify({ ...rest, insns, ...types })
  return result.ok ? 'accepted' : `${result.rejection.code}: ${result.rejection.message}`
}

// Linux refuses this program: it calls the callback itself. What is not judged must not be accepted.
it('a program with an exception callback is refused by name', () => {
  expect(verdictOn('exception_callback:caught')).toBe(
    'VERIFIER_UNSUPPORTED: the exception callback caught is not supported',
  )
})

it('other tags of the main function are no matter', () => {
  expect(verdictOn('odd:caught')).toBe('accepted')
})
