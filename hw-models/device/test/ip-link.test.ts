import { expect, test } from 'vitest'
import { type Attached, ipLinkJson, ipLinkModeWord, ipLinkProgramLines, type XdpMode } from '../src/index.ts'

const attached = (mode: XdpMode, id: number): Attached => ({
  mode,
  program: { id, name: 'upf_ip_entrypoi', tag: 'a77c715aaac4979b', type: 6, expectedAttachType: 37, jited: true },
})

/** Words and line of a live interface: edgecomllc/eupf#116; the others from iproute2's ip/iplink_xdp.c. */
test('one program is shown as ip link shows it', () => {
  expect(ipLinkModeWord([attached('native', 628)])).toBe('xdp')
  expect(ipLinkProgramLines([attached('native', 628)])).toEqual([
    '    prog/xdp id 628 name upf_ip_entrypoi tag a77c715aaac4979b jited',
  ])
  expect(ipLinkModeWord([attached('generic', 1)])).toBe('xdpgeneric')
  expect(ipLinkModeWord([attached('offload', 1)])).toBe('xdpoffload')
  expect(ipLinkModeWord([])).toBe('')
})

test('several programs are xdpmulti with a line each', () => {
  const both = [attached('native', 1), attached('offload', 2)]
  expect(ipLinkModeWord(both)).toBe('xdpmulti')
  expect(ipLinkProgramLines(both).map((line) => line.split(' name')[0])).toEqual([
    '    prog/xdpdrv id 1',
    '    prog/xdpoffload id 2',
  ])
  expect(ipLinkJson(both)?.mode).toBe(4)
})

test('ip -j link has mode numbers and the program', () => {
  const program = { id: 12, name: 'upf_ip_entrypoi', tag: 'a77c715aaac4979b', jited: 1 }
  expect(ipLinkJson([attached('generic', 12)])).toEqual({
    mode: 2,
    prog: program,
    attached: [{ mode: 2, prog: program }],
  })
  expect(ipLinkJson([])).toBeUndefined()
})
