import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { KernelTree } from '../../../src/kernel-tree/kernel-tree.ts'
import { findClang } from '../../../src/kernel-tree/progs/compiler/find-clang.ts'
import { progsFiles } from '../../../src/kernel-tree/progs/progs-files.ts'
import type { SuiteCase, SuiteReading } from '../../../src/kernel-tree/suite-case.ts'
import type { Vector } from '../../../src/vector/vector.ts'

/** What a program of tests looks like; written for these tests. */
const SOURCE = `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "sample_macros.h"

struct inner {
	__uint(type, 2);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 8);
} inner_map SEC(".maps");

struct {
	__uint(type, 12);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { [1] = (void *)&inner_map } };

int target(struct __sk_buff *skb);

struct {
	__uint(type, 3);
	__uint(max_entries, 3);
	__uint(key_size, 4);
	__array(values, int (void *));
} jumps SEC(".maps") = { .values = { [2] = (void *)&target } };

SEC("socket")
__tag("auxiliary") __tag("auxiliary_unpriv")
__naked int target(struct __sk_buff *skb)
{
	asm volatile ("r1 = %[outer] ll; r0 = 3; exit;" :: __imm_addr(outer) : __clobber_all);
}

SEC("socket")
__tag("description=a tail call") __tag("expect_success") __tag("retval=3") __tag("prog_flags=BPF_F_ANY_ALIGNMENT")
__tag("expect_failure_unpriv") __tag("expect_msg_unpriv=0=R0 {{leaks|is}}") __tag("log_level=2")
__naked int caller(struct __sk_buff *skb)
{
	asm volatile ("r2 = %[jumps] ll; r3 = 2; call %[bpf_tail_call]; exit;" :: __imm(bpf_tail_call), __imm_addr(jumps) : __clobber_all);
}

SEC("syscall") __tag("expect_success") __tag("retval=POINTER_VALUE")
__naked int called(void *ctx)
{
	asm volatile ("r0 = r1; exit;" ::: __clobber_all);
}

SEC("tc") __tag("arch=ARM64")
__naked int elsewhere(void)
{
	asm volatile ("r0 = 0; exit;" ::: __clobber_all);
}

SEC("tc") __tag("arch=X86_64")
__naked int native(void)
{
	asm volatile ("r0 = 0; exit;" ::: __clobber_all);
}

SEC("tc") __tag("expect_miracle")
__naked int unheard(void)
{
	asm volatile ("r0 = 0; exit;" ::: __clobber_all);
}

SEC("tc") __tag("expect_success")
int written_in_c(struct __sk_buff *skb)
{
	return 0;
}
`

const SAMPLE_TREE = join(import.meta.dirname, '../progs-asm/sample-tree')
const FOLDER = 'tools/testing/selftests/bpf/progs'

const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-progs-'))
cpSync(SAMPLE_TREE, folder, { recursive: true })
writeFileSync(join(folder, FOLDER, 'verifier_of_tests.c'), SOURCE)
writeFileSync(join(folder, FOLDER, 'unmarked.c'), '// __successful, __unpriv: no annotation\n')
afterAll(() => rmSync(folder, { recursive: true }))

function read(): SuiteReading {
  const files = progsFiles(new KernelTree(folder), { compiler: 'never' })
  const names = files.map(({ file }) => file.replace(`${FOLDER}/`, ''))
  expect(names).toEqual(['sample.c', 'verifier_of_tests.c'])
  return (files[1] as (typeof files)[number]).read()
}

const { cases, problems } = read()
const byName = new Map(cases.map((one) => [one.id.replace('progs/verifier_of_tests.c:', ''), one]))

function vectorOf(name: string): Vector {
  const question = (byName.get(name) as SuiteCase).question()
  if (question.kind !== 'vector') throw new Error(JSON.stringify(question))
  return question.vector
}

test('a vmlinux.h that is not there is told at once', () => {
  const attempt = (): unknown => progsFiles(new KernelTree(folder), { vmlinuxHeader: '/nowhere/vmlinux.h' })
  expect(attempt).toThrow(expect.objectContaining({ code: 'CONFORMANCE_NO_SUCH_FILE' }))
})

describe('cases', () => {
  test('each test gives one for each mode, in the order of the file; auxiliary programs give none', () => {
    expect([...byName.keys()]).toEqual([
      ...['caller', 'caller@unpriv', 'called', 'elsewhere', 'native', 'unheard', 'written_in_c'],
    ])
    expect(byName.get('caller@unpriv')).toMatchObject({
      name: 'a tail call @unpriv',
      privilege: 'unprivileged',
      file: `${FOLDER}/verifier_of_tests.c`,
      line: SOURCE.split('\n').indexOf('__naked int caller(struct __sk_buff *skb)') + 1,
    })
  })

  test.each([
    ['elsewhere', 'other-architecture', 'for ARM64'],
    ['unheard', 'unread', 'an annotation that is not known'],
    ['written_in_c', 'needs-clang', 'clang is not to be used'],
  ])('%s can not be asked: %s', (name, reason, detail) => {
    const question = byName.get(name)?.question()
    expect(question).toMatchObject({ kind: 'not-runnable', reason })
    expect(question).toHaveProperty('detail', expect.stringContaining(detail))
  })

  test('the tests of another architecture are asked when it is told, and not those of the default', ({ skip }) => {
    const clang = findClang()
    if ('missing' in clang) return skip(clang.missing)
    // Objects are kept where this test's other files are.
    vi.stubEnv('XDG_CACHE_HOME', folder)
    const files = progsFiles(new KernelTree(folder), { architecture: 'arm64' })
    const told = files.find(({ file }) => file.endsWith('/verifier_of_tests.c'))?.read()
    vi.unstubAllEnvs()
    const kinds = told?.cases.map(({ id, question }) => [id.replace(/^.*:/, ''), question().kind])
    expect(kinds).toContainEqual(['elsewhere', 'vector'])
    expect(kinds).toContainEqual(['native', 'not-runnable'])
  })

  test('what is not known is told with its place', () => {
    expect(problems).toHaveLength(1)
    expect(String(problems[0])).toMatch(/^CONFORMANCE_SOURCE: an annotation that is not known \(.*unheard.*\.c:\d+\)$/)
  })
})

describe('vectors', () => {
  const vector = vectorOf('caller')

  test('programs that tail calls lead to come along, with the maps they refer to, inner ones first', () => {
    expect(vector.maps.map(({ type, inner }) => [type, inner])).toEqual([
      [MAP_TYPE.PROG_ARRAY, undefined],
      [MAP_TYPE.ARRAY, undefined],
      [MAP_TYPE.ARRAY_OF_MAPS, 1],
      [MAP_TYPE.ARRAY, undefined],
    ])
    expect(vector.maps[0]?.fill).toEqual([[Uint8Array.of(2, 0, 0, 0), { prog: 0 }]])
    expect(vector.maps[2]?.fill).toEqual([[Uint8Array.of(1, 0, 0, 0), { map: 3 }]])
    expect(vector.progs).toHaveLength(1)
    expect(vector.progs[0]).toMatchObject({ type: PROG_TYPE.SOCKET_FILTER, mapRefs: [{ pc: 0, map: 2 }] })
  })

  test('flags, level and expectation are those of the annotations, the run is that of test_loader.c', () => {
    expect(vector).toMatchObject({ flags: 0x82, logLevel: 6, privilege: 'full', mapRefs: [{ pc: 0, map: 0 }] })
    expect(vector.expect).toEqual({ load_ok: true, run_errno: 0, retval: 3 })
    expect(vector.runs).toEqual([{ repeat: 1, flags: 0, dataIn: new Uint8Array(64) }])
    const unprivileged = vectorOf('caller@unpriv')
    expect(unprivileged).toMatchObject({ privilege: 'unprivileged', runs: [] })
    expect(unprivileged.expect).toEqual({ load_ok: false, log: ['R0 {{leaks|is}}'] })
  })

  test('a syscall program gets no packet; an address may be any', () => {
    expect(vectorOf('called')).toMatchObject({ runs: [{ repeat: 0, flags: 0 }], expect: { run_errno: 0 } })
    expect(vectorOf('called').expect).not.toHaveProperty('retval')
  })
})
