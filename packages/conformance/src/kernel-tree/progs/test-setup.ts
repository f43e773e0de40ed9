import type { VectorPrivilege } from '../../vector/vector.ts'

/** What the kernel's C does around the tests of a file, beyond what their annotations say. */
export interface TestSetup {
  /** An element that a map gets before the run. */
  readonly fill?: { readonly map: string; readonly key: Uint8Array; readonly value: Uint8Array }
  /** What is left of the capabilities where nothing else is said. */
  readonly privilege?: VectorPrivilege
}

/** `struct test_val` of the tests: an index, and eleven numbers of which the sixth is set. */
function testValue(): Uint8Array {
  const words = new Uint32Array(12)
  words[0] = (6 + 1) * 4
  words[1 + 6] = 0xabcdef12
  return new Uint8Array(words.buffer)
}

const FIRST = new Uint8Array(4)

/** By the name of the file. @see tools/testing/selftests/bpf/prog_tests/verifier.c (6.12) */
const SETUPS: ReadonlyMap<string, TestSetup> = new Map([
  ['verifier_array_access.c', { fill: { map: 'map_array_ro', key: FIRST, value: testValue() } }],
  ['verifier_value_ptr_arith.c', { fill: { map: 'map_array_48b', key: FIRST, value: testValue() } }],
  ['verifier_mtu.c', { privilege: 'no-perfmon' }],
])

/** The setup of a file's tests. */
export function testSetup(file: string): TestSetup {
  return SETUPS.get(file.replace(/^.*\//, '')) ?? {}
}
