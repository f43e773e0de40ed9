import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { bpfoundry, fixture } from './command-line.ts'

const VMLINUX = '/sys/kernel/btf/vmlinux'
const OBJECT = fixture('programs/loops/loops.v3.o')

const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-types-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

/** One program that is bound to a tracepoint and looks into a kernel's struct, one that needs nothing, one in vain. */
const SOURCE = `
#define SEC(name) __attribute__((section(name), used))
struct task_struct { int pid; } __attribute__((preserve_access_index));
extern void no_such_function(void) __attribute__((section(".ksyms")));
SEC("tp_btf/task_newtask") int newtask(unsigned long long *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	return task->pid == 0;
}
SEC("xdp") int pass(void *ctx) { return 2; }
SEC("tc") int vain(void *ctx) { no_such_function(); return 0; }
char _license[] SEC("license") = "GPL";
`

function compiled(): string | undefined {
  const object = join(folder, 'bound.o')
  const source = file('bound.c', SOURCE)
  const done = spawnSync('clang-19', ['-O2', '-g', '-target', 'bpf', '-mcpu=v3', '-c', source, '-o', object])
  return done.status === 0 ? object : undefined
}

describe('--kernel-btf', () => {
  test.each([
    ['a text', 'hello', 'TESTBENCH_KERNEL_TYPES', '0x68656c6c'],
    ['nothing', '', 'TESTBENCH_KERNEL_TYPES', 'an empty file'],
    ['an object', readFileSync(OBJECT), 'TESTBENCH_KERNEL_TYPES', 'llvm-objcopy --dump-section .BTF=FILE'],
    ['a header alone', Uint8Array.of(0x9f, 0xeb, 1, 0), 'BTF_TRUNCATED', 'broken.btf'],
  ])('of %s is an error that tells what is wrong', async (_what, bytes, code, words) => {
    const path = file('broken.btf', bytes)
    const outcome = await bpfoundry('verify', OBJECT, '--kernel-btf', path)
    expect([outcome.code, outcome.stdout]).toEqual([3, ''])
    expect(outcome.stderr).toContain(code)
    expect(outcome.stderr).toContain(words)
  })

  test('that is not there is an error', async () => {
    const { code, stderr } = await bpfoundry('prog', 'dump', 'xlated', OBJECT, '--kernel-btf', join(folder, 'none.btf'))
    expect([code, stderr]).toEqual([3, expect.stringContaining('TESTBENCH_NO_SUCH_FILE')])
  })

  test("is told only where a kernel's types were looked for", async () => {
    const { stderr } = await bpfoundry('verify', OBJECT)
    expect(stderr).toBe('')
  })

  test("are the running kernel's by default, and the others are judged where one program lacks something", async (ctx) => {
    const object = existsSync(VMLINUX) ? compiled() : undefined
    if (object === undefined) return ctx.skip('needs clang-19, and a kernel that shows its types')
    const { code, stdout, stderr } = await bpfoundry('verify', object, '--json')
    const { kernelTypes, programs } = JSON.parse(stdout)
    expect([code, kernelTypes]).toEqual([3, VMLINUX])
    expect(programs).toMatchObject([
      { program: 'newtask', verdict: 'accepted' },
      { program: 'pass', verdict: 'accepted' },
    ])
    expect(stderr).toContain("the kernel has no function 'no_such_function'")
    expect(stderr).toContain(`kernel types: the running kernel's, ${VMLINUX}\n`)
    const dumped = await bpfoundry('prog', 'dump', 'xlated', object, '--program', 'newtask')
    expect(dumped.stdout).toMatch(/r0 = \*\(u32 \*\)\(r1 \+\d{3,}\)|r1 = \*\(u32 \*\)\(r1 \+\d{3,}\)/)
  })

  test('none: nothing of a kernel is known', async (ctx) => {
    const object = compiled()
    if (object === undefined) return ctx.skip('needs clang-19')
    const { code, stdout, stderr } = await bpfoundry('verify', object, '--kernel-btf', 'none', '--json')
    expect([code, JSON.parse(stdout).kernelTypes]).toEqual([4, null])
    expect(JSON.parse(stdout).programs).toMatchObject([{ program: 'pass' }])
    expect(stderr).toContain('needs a CO-RE relocation, which is not supported')
  })
})
