import { readFileSync } from 'node:fs'
import { BPF_EMIT_CALL, BPF_EXIT_INSN } from '@bpfoundry/isa'
import {
  ATTACH_TYPE,
  helperByName,
  isReleasedBy,
  KERNEL_PROFILES,
  PROG_TYPE,
  programTypeSince,
} from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import {
  featureDifference,
  featureJson,
  featureLines,
  featureMacros,
  Kernel,
  ProgramRejected,
  probeFeatures,
} from '../../src/index.ts'

const RELEASES = [...KERNEL_PROFILES.keys()]

/** What bpftool printed, without the remark at the top. */
const PRINTED = readFileSync(new URL('data/feature-probe-6.18.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)

/** What the kernel that bpftool asked was built without, and a line of a newer bpftool. */
const BUILT_OTHERWISE: ReadonlyMap<string, string> = new Map([
  ['CONFIG_BPF_JIT_ALWAYS_ON is set to y', 'CONFIG_BPF_JIT_ALWAYS_ON is not set'],
  ['CONFIG_DEBUG_INFO_BTF_MODULES is not set', 'CONFIG_DEBUG_INFO_BTF_MODULES is set to y'],
  ['CONFIG_KPROBE_EVENTS is not set', 'CONFIG_KPROBE_EVENTS is set to y'],
  ['CONFIG_FUNCTION_ERROR_INJECTION is not set', 'CONFIG_FUNCTION_ERROR_INJECTION is set to y'],
  ['CONFIG_BPF_KPROBE_OVERRIDE is not set', 'CONFIG_BPF_KPROBE_OVERRIDE is set to y'],
  ['CONFIG_NET_ACT_BPF is not set', 'CONFIG_NET_ACT_BPF is set to y'],
  ['CONFIG_BPF_LIRC_MODE2 is not set', 'CONFIG_BPF_LIRC_MODE2 is set to y'],
  ['eBPF program_type lirc_mode2 is NOT available', 'eBPF program_type lirc_mode2 is available'],
  ['eBPF program_type tracing is NOT available', 'eBPF program_type tracing is available'],
  ['eBPF program_type ext is NOT available', 'eBPF program_type ext is available'],
  ['eBPF program_type lsm is NOT available', 'eBPF program_type lsm is available'],
  ['\tProgram type not supported', '\tCould not determine which helpers are available'],
])

/** Lines of some blocks, as the recorded file keeps them. */
function abridged(lines: readonly string[]): readonly string[] {
  const kept = new Set(['socket_filter:', 'tracing:', 'struct_ops:'])
  let isKept = true
  return lines.flatMap((line) => {
    if (line === '') isKept = true
    if (!line.startsWith('eBPF helpers supported')) return isKept ? [line] : []
    const wasKept = isKept
    isKept = kept.has(line.split(' ').at(-1) ?? '')
    return isKept ? [line] : wasKept ? ['...'] : []
  })
}

describe('a probe of 6.18', () => {
  const report = probeFeatures({ release: '6.18' })

  it('tells what bpftool told of a kernel, but for what that one was built without', () => {
    const expected = PRINTED.map((line) => BUILT_OTHERWISE.get(line) ?? line)
    expect(abridged(featureLines(report)).slice(0, -1)).toEqual([...expected, 'ISA extension v4 is available'])
  })

  it('names helpers as bpftool does in JSON and macros', () => {
    const firstOfAll = ['bpf_map_lookup_elem', 'bpf_map_update_elem', 'bpf_map_delete_elem']
    expect(featureJson(report)).toMatchObject({
      helpers: { xdp_available_helpers: expect.arrayContaining(firstOfAll) },
      misc: { have_large_insn_limit: true, have_v3_isa_extension: true },
    })
    const macros = featureMacros(probeFeatures({ release: '4.13' }), 'P_')
    expect(macros).toContain('#define P_NO_HAVE_ARENA_MAP_TYPE')
    expect(macros).toContain('#define P_BPF__PROG_TYPE_xdp__HELPER_bpf_redirect_map 0')
    expect(macros).toContain('#define P_BPF__PROG_TYPE_xdp__HELPER_bpf_redirect 0')
    expect(macros).toContain('#define P_BPF__PROG_TYPE_sched_cls__HELPER_bpf_redirect 1')
  })

  it('asks in full also about helpers that write to the log', () => {
    const of = (full: boolean): number => probeFeatures({ release: '6.18', full }).helpers[0]?.helpers.length ?? 0
    expect(of(true) - of(false)).toBe(3)
  })

  it('finds nothing for somebody without capabilities', () => {
    const lines = featureLines(probeFeatures({ release: '6.18', unprivileged: true }))
    expect(lines).toContain('Unable to retrieve JIT hardening status')
    expect(lines.filter((line) => line.endsWith(' is available'))).toEqual(['bpf() syscall is available'])
  })
})

describe('program types by release', () => {
  // What loading finds is what the table of releases says.
  it.for(RELEASES)('%s', (release) => {
    const types = Object.entries(PROG_TYPE).filter(([, type]) => type !== PROG_TYPE.UNSPEC)
    const told = types.map(([name, type]) => ({
      name: name.toLowerCase(),
      available: isReleasedBy(programTypeSince(type) ?? '99.0', release),
    }))
    expect(probeFeatures({ release }).programTypes).toEqual(told)
  })
})

describe('helpers by release are those that the verifier takes', () => {
  const REFUSALS = new Set(['VERIFIER_HELPER_NOT_ALLOWED', 'VERIFIER_UNKNOWN_HELPER', 'VERIFIER_RELEASE'])

  /** As libbpf asks: refused or not, the log tells whether it is for the helper. */
  function isTaken(kernel: Kernel, type: number, helper: string): boolean {
    const insns = [BPF_EMIT_CALL(helperByName(helper)?.id ?? 0), BPF_EXIT_INSN()]
    const expectedAttachType = type === PROG_TYPE.NETFILTER ? ATTACH_TYPE.NETFILTER : 0
    try {
      kernel.loadProgram({ name: '', type, expectedAttachType, insns, license: 'GPL', flags: 0 }).close()
      return true
    } catch (error) {
      if (!(error instanceof ProgramRejected)) throw error
      return !REFUSALS.has(error.rejection.code)
    }
  }

  const ASKED = [
    'SOCKET_FILTER',
    'KPROBE',
    'SCHED_CLS',
    'XDP',
    'CGROUP_SKB',
    'SK_MSG',
    'RAW_TRACEPOINT',
    'NETFILTER',
  ] as const
  it.for(['4.19', '6.1', '6.18'])('%s', (release) => {
    const kernel = Kernel.create({ profile: release })
    const { helpers } = probeFeatures({ release })
    for (const name of ASKED) {
      const told = helpers.find(({ programType }) => programType === name.toLowerCase())
      if (told?.available !== true) continue
      const wrong = told.helpers.filter((helper) => isTaken(kernel, PROG_TYPE[name], helper.name) !== helper.available)
      expect([name, wrong.map((helper) => helper.name)]).toEqual([name, []])
    }
  })
})

describe('two releases', () => {
  const difference = featureDifference(probeFeatures({ release: '5.15' }), probeFeatures({ release: '6.6' }))

  it('tells what the newer one has more', () => {
    expect(difference.more.mapTypes).toEqual(['bloom_filter', 'user_ringbuf', 'cgrp_storage'])
    expect(difference.more.programTypes).toEqual(['netfilter'])
    expect(difference.more.misc).toEqual(['v4_isa_extension'])
    const xdp = difference.more.helpers.find(({ programType }) => programType === 'xdp')?.names
    expect(xdp).toContain('bpf_xdp_load_bytes')
    expect(xdp).not.toContain('bpf_redirect')
  })

  it('and nothing that it has less', () => {
    expect(difference.less).toEqual({ programTypes: [], mapTypes: [], helpers: [], options: [], misc: [] })
  })
})
