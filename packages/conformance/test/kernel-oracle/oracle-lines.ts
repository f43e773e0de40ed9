import { BTF_KIND, BtfBuilder } from '@bpfoundry/btf'
import { assembleLlvm, encodeInsns } from '@bpfoundry/isa'

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const insns = (text: string): string => hexOf(encodeInsns(assembleLlvm(text).insns))
const FRAME = '00'.repeat(64)

/** int f(void *): what the functions of a program are told by, and an int for maps. */
function programBtf(): { readonly btf: string; readonly int: number; readonly func: number; readonly file: number } {
  const builder = new BtfBuilder()
  const int = builder.add({ kind: BTF_KIND.INT, name: 'int', sizeBytes: 4, encoding: 1, bitOffset: 0, bits: 32 })
  const pointer = builder.add({ kind: BTF_KIND.PTR, name: '', typeId: 0 })
  const parameters = [{ name: 'ctx', typeId: pointer }]
  const proto = builder.add({ kind: BTF_KIND.FUNC_PROTO, name: '', returnTypeId: int, parameters })
  const func = builder.add({ kind: BTF_KIND.FUNC, name: 'prog', typeId: proto, linkage: 0 })
  const btf = builder.build('little')
  return { btf: hexOf(btf.encode()), int, func, file: btf.type(func).nameOffset }
}

const { btf, int, func, file } = programBtf()

const array = { type: 'array', key_size: 4, value_size: 4, max_entries: 2 }
const load = (fd: string): string => `18${fd}0000000000000000000000000000`
const LOOKUP = `
  *(u32 *)(r10 - 4) = 1
  r2 = r10
  r2 += -4
  call 1
  if r0 == 0 goto +1
  r0 = *(u32 *)(r0 + 0)
  exit`

/** A line for every field of the format. */
// biome-ignore format: a case a line
export const ORACLE_LINES: readonly object[] = [
  { id: 'plain', insns: insns('r0 = 7\nexit'), data_in: FRAME },
  { id: 'types by number and by name', prog_type: 'BPF_PROG_TYPE_XDP', insns: insns('r0 = 2\nexit'), data_in: FRAME, repeat: 5 },
  { id: 'refused', prog_type: 6, insns: insns('exit') },
  { id: 'trace', insns: insns('r0 = 1\nexit'), log_level: 2, log_tail: 0 },
  { id: 'tail of the log', insns: insns('r0 = 1\nexit'), log_level: 2, log_tail: 20 },
  { id: 'no log', insns: insns('r0 = 1\nexit'), log_level: 0 },
  { id: 'license', insns: insns('r1 = r10\nr1 += -8\n*(u64 *)(r10 - 8) = 0\nr2 = 8\ncall 6\nexit'), license: 'MIT', prog_type: 'kprobe' },
  { id: 'flags', insns: insns('r2 = r10\nr0 = *(u64 *)(r2 - 6)\nexit'), flags: 1 },
  { id: 'attach type', prog_type: 'cgroup_sock_addr', expected_attach_type: 8, insns: insns('r0 = 1\nexit') },
  { id: 'wrong attach type', prog_type: 'cgroup_sock_addr', insns: insns('r0 = 1\nexit') },
  { id: 'several runs', prog_type: 'xdp', insns: insns('r0 = 2\nexit'), runs: [{ data_in: FRAME }, { data_in: '00' }, { data_in: FRAME, data_out_size: 10 }] },
  { id: 'context', prog_type: 'xdp', insns: insns('r0 = 2\nexit'), data_in: FRAME, ctx_in: '00000000400000000000000000000000000000000000'.padEnd(48, '0') },
  { id: 'room for the context', prog_type: 'xdp', insns: insns('r0 = 2\nexit'), data_in: FRAME, ctx_out_size: 24, ctx_in: '0000000040000000'.padEnd(48, '0') },
  { id: 'sk_buff', prog_type: 'sched_cls', insns: insns('r0 = *(u32 *)(r1 + 8)\nexit'), data_in: FRAME, ctx_in: `${'00'.repeat(8)}2a000000${'00'.repeat(180)}` },
  { id: 'run without data', prog_type: 'syscall', insns: insns('r0 = 3\nexit'), flags: 16, run: true },
  { id: 'no way to run', prog_type: 'kprobe', insns: insns('r0 = 3\nexit'), run: true },
  { id: 'map by reference', prog_type: 'xdp', insns: load('11') + insns(LOOKUP), maps: [{ ...array, fill: [['01000000', '2a000000']] }], map_refs: [[0, 0]], data_in: FRAME, dump: ['xlated', 'jited', 'maps'] },
  { id: 'map by index', prog_type: 'xdp', insns: load('51') + insns(LOOKUP), maps: [{ ...array, fill: [['01000000', '2a000000']] }], data_in: FRAME, dump: ['maps'] },
  { id: 'index without map', prog_type: 'xdp', insns: load('51') + insns(LOOKUP) },
  { id: 'per-CPU map', insns: insns('r0 = 0\nexit'), maps: [{ ...array, type: 'percpu_array', fill: [['00000000', '01020304']] }], dump: ['maps'] },
  { id: 'queue', insns: insns('r0 = 0\nexit'), maps: [{ type: 'queue', value_size: 4, max_entries: 2, fill: [['', '01020304']] }], dump: ['maps'] },
  { id: 'map of maps', insns: insns('r0 = 0\nexit'), maps: [array, { type: 'array_of_maps', key_size: 4, value_size: 4, max_entries: 1, inner: 0, fill: [['00000000', { map: 0 }]] }] },
  { id: 'typed map', insns: insns('r0 = 0\nexit'), maps: [{ ...array, btf, btf_key: int, btf_value: int }] },
  { id: 'wrongly typed map', insns: insns('r0 = 0\nexit'), maps: [{ ...array, value_size: 8, btf, btf_key: int, btf_value: int }] },
  { id: 'frozen map', insns: insns('r0 = 0\nexit'), maps: [{ ...array, flags: 128, fill: [['00000000', '01020304']], freeze: true }], dump: ['maps'] },
  { id: 'map that is refused', insns: insns('r0 = 0\nexit'), maps: [{ ...array, key_size: 3 }] },
  { id: 'wrong value', insns: insns('r0 = 0\nexit'), maps: [{ ...array, fill: [['00000000', '0102']] }] },
  { id: 'tail call', prog_type: 'xdp', insns: load('12') + insns('r3 = 0\ncall 12\nr0 = 1\nexit'), maps: [{ type: 'prog_array', key_size: 4, value_size: 4, max_entries: 1, fill: [['00000000', { prog: 0 }]] }], progs: [{ insns: insns('r0 = 3\nexit') }], map_refs: [[0, 0]], data_in: FRAME },
  { id: 'refused helper program', prog_type: 'xdp', insns: insns('r0 = 1\nexit'), progs: [{ insns: insns('exit') }] },
  { id: 'BTF', prog_type: 'xdp', insns: insns('r0 = 1\nexit'), btf, func_info: [[0, func]], log_level: 2 },
  { id: 'wrong function', prog_type: 'xdp', insns: insns('r0 = 1\nexit'), btf, func_info: [[0, int]], log_level: 2 },
  { id: 'BTF that is none', prog_type: 'xdp', insns: insns('r0 = 1\nexit'), btf: '00', func_info: [[0, func]] },
  { id: 'fentry', prog_type: 'tracing', expected_attach_type: 24, insns: insns('r0 = 0\nexit'), attach_btf: 'bpf_fentry_test1' },
  { id: 'raw tracepoint', prog_type: 'tracing', expected_attach_type: 23, insns: insns('r0 = 0\nexit'), attach_btf: 'sched_switch' },
  { id: 'lsm', prog_type: 'lsm', expected_attach_type: 27, insns: insns('r0 = 0\nexit'), attach_btf: 'file_open' },
  { id: 'kfunc', prog_type: 'sched_cls', insns: insns('r0 = 0\nexit').replace(/^/, '8520000000000000'), kfuncs: [[0, 'bpf_rcu_read_lock']], log_level: 2 },
  { id: 'kfuncs', prog_type: 'sched_cls', insns: `85200000000000008520000000000000${insns('r0 = 0\nexit')}`, kfuncs: [[0, 'bpf_rcu_read_lock'], [1, 'bpf_rcu_read_unlock']], dump: ['xlated'] },
  { id: 'without perfmon', insns: insns('r0 = r10\nexit'), perfmon: false },
  { id: 'with perfmon', insns: insns('r0 = r10\nexit') },
  { id: 'without perfmon, speculation', insns: load('11') + insns('*(u32 *)(r10 - 4) = 1\nr2 = r10\nr2 += -4\ncall 1\nif r0 == 0 goto +4\nr1 = *(u32 *)(r0 + 0)\nr1 &= 3\nr0 += r1\nr0 = *(u8 *)(r0 + 0)\nexit'), maps: [array], map_refs: [[0, 0]], perfmon: false, dump: ['xlated'] },
]

/** Fields that the older tool does not know: only ours answers them. */
// biome-ignore format: a case a line
export const NEW_LINES: readonly object[] = [
  { id: 'source lines', prog_type: 'xdp', insns: insns('r0 = 1\nexit'), btf, func_info: [[0, func]], line_info: [[0, file, file, (3 << 10) | 5]], log_level: 2 },
]
