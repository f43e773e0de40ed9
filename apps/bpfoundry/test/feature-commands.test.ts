import { expect, test } from 'vitest'
import { bpfoundry, fixture } from './command-line.ts'

const DROP = fixture('programs/drop/drop.v3.o')
const FRAGS = fixture('programs/jumbo/jumbo.v3.o')

test('feature probe prints what bpftool would of a release', async () => {
  const { code, stdout } = await bpfoundry('feature', 'probe', '--profile', '5.4')
  expect(code).toBe(0)
  expect(stdout).toContain('\neBPF program_type xdp is available\n')
  expect(stdout).toContain('\neBPF map_type ringbuf is NOT available\n')
  expect(stdout.endsWith('\nISA extension v4 is NOT available\n\n')).toBe(true)
})

test('feature probe takes the words of bpftool, shortened as there', async () => {
  const { stdout } = await bpfoundry('feature', 'probe', 'kernel', 'm', 'p', 'HAS_')
  expect(stdout.split('\n').slice(0, 2)).toEqual(['/*** Misc kernel config items ***/', '#define HAS_CONFIG_HZ 250'])
  const json = await bpfoundry('feature', 'probe', 'unprivileged', 'macros', '--json')
  expect(JSON.parse(json.stdout)).toMatchObject({
    system_config: { unprivileged_bpf_disabled: 2, bpf_jit_harden: -1 },
    program_types: { have_xdp_prog_type: false },
  })
})

test.for([
  [['sideways'], 2, 'CLI_FEATURE_WORDS'],
  [[''], 2, 'CLI_FEATURE_WORDS'],
  [['prefix', 'P_'], 2, 'CLI_FEATURE_WORDS'],
  [['macros', 'prefix'], 2, 'CLI_FEATURE_WORDS'],
  [['macros', 'prefix', '9'], 2, 'CLI_FEATURE_WORDS'],
  [['kernel', 'kernel'], 2, 'CLI_FEATURE_WORDS'],
  [['dev'], 2, 'CLI_FEATURE_WORDS'],
  [['dev', 'nfp', 'kernel'], 2, 'CLI_FEATURE_WORDS'],
  [['kernel', 'dev', 'nfp'], 2, 'CLI_FEATURE_WORDS'],
  [['dev', 'eth0'], 2, 'DEVICE_PROFILE_UNKNOWN'],
] as const)('feature probe %s is refused', async ([words, exitCode, errorCode]) => {
  const { code, stdout, stderr } = await bpfoundry('feature', 'probe', ...words)
  expect([code, stdout, stderr.split(':')[0]]).toEqual([exitCode, '', errorCode])
})

// The driver's own words decide: its tables of helpers, and what the firmware says that it can do.
test('feature probe dev tells what a card takes', async () => {
  const { code, stdout } = await bpfoundry('feature', 'probe', 'dev', 'agilio-cx-2x10', '--json')
  const all = ['bpf_map_lookup_elem', 'bpf_map_update_elem', 'bpf_map_delete_elem', 'bpf_get_prandom_u32']
  const named = [...all, 'bpf_perf_event_output']
  expect([code, JSON.parse(stdout)]).toMatchObject([
    0,
    {
      program_types: { have_sched_cls_prog_type: true, have_xdp_prog_type: true },
      map_types: { have_hash_map_type: true, have_array_map_type: true },
      helpers: {
        sched_cls_available_helpers: named,
        xdp_available_helpers: [...named, 'bpf_xdp_adjust_head', 'bpf_xdp_adjust_tail'],
      },
      misc: { have_bounded_loops: false },
    },
  ])
  expect(Object.keys(JSON.parse(stdout) as object)[0]).toBe('syscall_config')
  const fewer = await bpfoundry('feature', 'probe', 'dev', 'nfp', '--firmware', 'corenic')
  expect(fewer.stdout).toContain('type sched_cls:\n\t- bpf_map_lookup_elem\neBPF')
})

// What bpftool 7.5.0 lists.
test.for([
  ['prog_types', 33, 'netfilter'],
  ['map_types', 34, 'arena'],
  ['attach_types', 57, 'trace_kprobe_session'],
  ['link_types', 15, 'sockmap'],
  ['helpers', 212, 'bpf_cgrp_storage_delete'],
] as const)('feature list_builtins %s lists %d names', async ([group, count, last]) => {
  const { stdout } = await bpfoundry('feature', 'list_builtins', group)
  const names = stdout.trimEnd().split('\n')
  expect([names.length, names.at(-1)]).toEqual([count, last])
  const json = await bpfoundry('feature', 'list_builtins', group, '--json')
  expect(JSON.parse(json.stdout)).toEqual(names)
})

test('feature diff tells both ways', async () => {
  const { stdout } = await bpfoundry('feature', 'diff', '6.1', '6.6')
  const lines = stdout.split('\n')
  expect(lines.slice(0, 3)).toEqual([
    '+ program type netfilter with 57 helpers',
    '+ map type cgrp_storage',
    '+ ISA extension v4',
  ])
  const back = await bpfoundry('feature', 'diff', '6.6', '6.1')
  expect(back.stdout).toBe(stdout.replaceAll(/^\+/gm, '-'))
  const same = await bpfoundry('feature', 'diff', '6.6', '6.6', '--json')
  const none = { programTypes: [], mapTypes: [], helpers: [], options: [], misc: [] }
  expect(JSON.parse(same.stdout)).toEqual({
    $schema: 'bpfoundry.feature-diff/1',
    from: '6.6',
    to: '6.6',
    more: none,
    less: none,
  })
})

test('feature needs tells the least release of each object, and what asks for it', async () => {
  const { code, stdout } = await bpfoundry('feature', 'needs', DROP, FRAGS, '--json')
  expect([code, JSON.parse(stdout)]).toEqual([
    0,
    {
      $schema: 'bpfoundry.feature-needs/1',
      objects: [
        { object: DROP, since: '4.13' },
        { object: FRAGS, since: '6.1', program: 'jumbo', reason: 'XDP on frags, since 5.18' },
      ],
    },
  ])
})

test('feature needs: an object that is none is told, the others are judged', async () => {
  const { code, stdout, stderr } = await bpfoundry('feature', 'needs', `${DROP}.none`, DROP)
  expect([code, stdout.split('\n')[1]?.trimEnd().endsWith('4.13')]).toEqual([3, true])
  expect(stderr).toMatch(/^TESTBENCH_NO_SUCH_FILE/)
})
