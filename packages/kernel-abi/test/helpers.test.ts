import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  HELPER_PROTOTYPES,
  HELPERS,
  helperAllowed,
  helperByName,
  helperName,
  helperPrototype,
  MAX_HELPER_ID,
  PROG_TYPE,
  TYPE_FLAG,
} from '../src/index.ts'

/** Program type (lower case) to the helpers that bpftool found by trying. */
function probed(): Map<string, Set<string>> {
  const text = readFileSync(new URL('data/feature-probe-6.18.txt', import.meta.url), 'utf8')
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const rows = lines.map((line): [string, string[]] => {
    const [type = '', names = ''] = line.split(': ')
    return [
      type,
      names
        .split(' ')
        .filter(Boolean)
        .map((name) => `bpf_${name}`),
    ]
  })
  const common = rows.find(([type]) => type === 'common')?.[1] ?? []
  return new Map(
    rows.filter(([type]) => type !== 'common').map(([type, names]) => [type, new Set([...common, ...names])]),
  )
}

/** bpftool leaves these out: a try would warn in the kernel's log. */
const NEVER_PROBED = new Set(['bpf_trace_printk', 'bpf_trace_vprintk', 'bpf_probe_write_user', 'bpf_override_return'])

/** What releases between 6.12 and 6.18 gave to every program type that has the base helpers. */
const WIDENED_AFTER_6_12 = new Set([
  'bpf_get_current_uid_gid',
  'bpf_get_current_comm',
  'bpf_get_cgroup_classid',
  'bpf_perf_event_read',
  'bpf_perf_event_read_value',
  'bpf_current_task_under_cgroup',
  'bpf_send_signal',
  'bpf_send_signal_thread',
  'bpf_get_netns_cookie',
  'bpf_get_task_stack',
  'bpf_copy_from_user',
  'bpf_copy_from_user_task',
  'bpf_task_storage_get',
  'bpf_task_storage_delete',
  'bpf_get_branch_snapshot',
  'bpf_find_vma',
])

/** Attach types that bpftool probes with, where 0 would not do. */
const PROBE_ATTACH_TYPE: Readonly<Record<string, number>> = { cgroup_sock_addr: 10, cgroup_sockopt: 21 }

const names = (type: number, attachType: number): string[] =>
  HELPERS.flatMap((helper) => (helper && helperAllowed(type, helper.id, { attachType }) ? [helper.name] : []))

describe('helper catalogue', () => {
  it('numbers its rows without a gap', () => {
    expect(MAX_HELPER_ID).toBe(211)
    expect(HELPERS.slice(1).map((helper) => helper?.id)).toEqual(Array.from({ length: 211 }, (_, index) => index + 1))
  })

  it('finds helpers by name and number', () => {
    expect(helperByName('bpf_redirect_map')?.id).toBe(51)
    expect(helperByName('redirect_map')?.id).toBe(51)
    expect(helperName(51)).toBe('bpf_redirect_map')
    expect(helperName(0)).toBe('unknown')
    expect(helperName(212)).toBe('unknown')
    expect(helperByName('nonsense')).toBeUndefined()
  })

  it('has no helper older than the one before it', () => {
    const order = HELPERS.slice(1).map((helper) => {
      const [major = 0, minor = 0] = (helper?.since ?? '').split('.').map(Number)
      return major * 100 + minor
    })
    expect(order).toEqual(order.toSorted((a, b) => a - b))
  })

  it('gives every helper a prototype, every prototype a helper', () => {
    const used = new Set([...HELPER_PROTOTYPES.values()].map((prototype) => prototype.id))
    expect(used.size).toBe(MAX_HELPER_ID)
  })

  it('parses every type into known words', () => {
    for (const prototype of HELPER_PROTOTYPES.values()) {
      for (const value of [prototype.returns, ...prototype.args]) {
        expect(value.type).toMatch(/^(ARG|RET)_[A-Z_]+$/)
        expect(Number.isNaN(value.flags)).toBe(false)
        expect(value.sizeBytes !== undefined).toBe((value.flags & TYPE_FLAG.MEM_FIXED_SIZE) !== 0)
      }
    }
  })

  it('knows the same helper with other prototypes in other program types', () => {
    expect(helperPrototype(PROG_TYPE.XDP, 23)?.variant).toBe('xdp_redirect')
    expect(helperPrototype(PROG_TYPE.SCHED_CLS, 23)?.variant).toBe('redirect')
    expect(helperPrototype(PROG_TYPE.SOCKET_FILTER, 23)).toBeUndefined()
  })

  it('withholds helpers that need a capability', () => {
    const trace = helperByName('bpf_trace_printk')?.id ?? 0
    expect(helperAllowed(PROG_TYPE.XDP, trace)).toBe(true)
    expect(helperAllowed(PROG_TYPE.XDP, trace, { capabilities: ['CAP_BPF'] })).toBe(false)
  })
})

describe('helpers by program type, against what bpftool found on Linux 6.18', () => {
  for (const [typeName, found] of probed()) {
    const type = PROG_TYPE[typeName.toUpperCase() as keyof typeof PROG_TYPE]
    const ours = names(type, PROBE_ATTACH_TYPE[typeName] ?? 0)

    it(`${typeName}: grants nothing that the kernel refuses`, () => {
      expect(ours.filter((name) => !found.has(name) && !NEVER_PROBED.has(name))).toEqual([])
    })

    it(`${typeName}: misses only what came after 6.12`, () => {
      const granted = new Set(ours)
      const missing = [...found].filter((name) => !granted.has(name) && !WIDENED_AFTER_6_12.has(name))
      expect(missing).toEqual(typeName === 'lwt_seg6local' ? ['bpf_skb_pull_data'] : [])
    })
  }
})
