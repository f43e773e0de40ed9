import { expect, test } from 'vitest'
import { isModifiable, maySleepIn } from '../src/index.ts'

/** As the selftests have them: progs/modify_return.c, progs/fentry_test.c, progs/lsm.c, prog_tests/module_attach.c. */
test.each([
  ['bpf_modify_return_test', true, false],
  ['bpf_fentry_test1', true, true],
  ['bpf_fentry_test2', false, false],
  ['__x64_sys_nanosleep', true, true],
  ['__arm64_sys_setdomainname', true, true],
  ['security_file_open', true, false],
  ['should_failslab', true, false],
  ['do_nanosleep', false, false],
])('%s: its result may be changed: %s, programs may sleep in it: %s', (name, modifiable, sleeps) => {
  expect([isModifiable(name), maySleepIn(name)]).toEqual([modifiable, sleeps])
})
