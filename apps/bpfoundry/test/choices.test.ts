import { CLASSIC_FORMS, DEFAULT_SNAP_LENGTH_BYTES, LINK_TYPES } from '@bpfoundry/cbpf'
import { SUITES as KNOWN_SUITES } from '@bpfoundry/conformance'
import { KERNEL_PROFILES } from '@bpfoundry/kernel-abi'
import { BPF_FIRMWARE, CORENIC_FIRMWARE, NFP_CARDS } from '@bpfoundry/nfp'
import * as testbench from '@bpfoundry/testbench'
import { expect, test } from 'vitest'
import * as choices from '../src/options/choices.ts'
import { bpfoundry } from './command-line.ts'

// biome-ignore format: table
test.for([
  ['cards',              choices.OFFLOAD_CARDS, Object.keys(NFP_CARDS)],
  ['firmware',           choices.FIRMWARES,     [BPF_FIRMWARE.name, CORENIC_FIRMWARE.name]],
  ['releases',           choices.RELEASES,      [...KERNEL_PROFILES.keys()]],
  ['forms of programs',  choices.ASM_FORMATS,   CLASSIC_FORMS],
  ['link layers',        choices.LINK_TYPES,    LINK_TYPES.map(({ name }) => name)],
  ['bytes of a packet',  [choices.MAX_SNAP_LENGTH], [DEFAULT_SNAP_LENGTH_BYTES]],
  ['test suites',        choices.SUITES,        KNOWN_SUITES],
  ['the default engine', [choices.DEFAULT_ENGINE, choices.CARD_ENGINE], [testbench.DEFAULT_ENGINE, testbench.CARD_ENGINE]],
  ["the kernel's types", [choices.RUNNING_KERNEL_TYPES], [testbench.RUNNING_KERNEL_TYPES]],
] as const)('what options offer is what their owner knows: %s', ([, offered, known]) => {
  expect(offered).toEqual(known)
})

test('every engine for hosts like this one is offered', () => {
  expect([...choices.ENGINES, choices.AUTO_ENGINE]).toEqual(expect.arrayContaining([...testbench.ENGINE_NAMES]))
})

test('an engine that is offered, and not there, is refused with the reason', async ({ skip }) => {
  const absent = choices.ENGINES.find((name) => !testbench.ENGINE_NAMES.includes(name))
  if (absent === undefined) return skip('every engine is there')
  const { code, stderr } = await bpfoundry('bench', 'engines', '--engine', absent)
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('TESTBENCH_ENGINE') })
})
