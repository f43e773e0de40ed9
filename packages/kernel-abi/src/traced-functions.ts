/**
 * Functions of the kernel whose result programs may change, and in which they may sleep. Linux 6.12, without those of
 * modules, built with everything that there is for it.
 *
 * @see ALLOW_ERROR_INJECTION, register_btf_fmodret_id_set
 */

/** System calls, each of which may be made to fail. */
const SYSTEM_CALL = /^__(x64|ia32|arm64|arm64_compat)_sys_/

/** Other functions that may be made to fail. */
// biome-ignore format: table
const MAY_FAIL: ReadonlySet<string> = new Set([
  '__filemap_add_folio', 'should_fail_alloc_page', 'should_fail_bio', 'should_failslab', 'page_pool_alloc_pages',
  'btrfs_check_leaf', 'btrfs_check_node', 'btrfs_cow_block', 'btrfs_search_slot', 'btrfs_should_cancel_balance',
  'io_ctl_init', 'open_ctree', 'mtd_block_markbad', 'mtd_erase', 'mtd_read', 'mtd_write',
])

/** Of these, functions that are called where nothing may sleep, too. @see btf_non_sleepable_error_inject */
// biome-ignore format: table
const NEVER_SLEEP: ReadonlySet<string> = new Set(['__filemap_add_folio', 'should_fail_alloc_page', 'should_failslab'])

/** Functions that are there to have their result changed. */
// biome-ignore format: table
const MODIFIABLE: ReadonlySet<string> = new Set([
  'bpf_modify_return_test', 'bpf_modify_return_test2', 'bpf_modify_return_test_tp', 'bpf_fentry_test1',
  'update_socket_protocol',
])

/** Of these, the one in which programs may sleep. */
const SLEEPS_FOR_TESTS = 'bpf_fentry_test1'

function mayFail(name: string): boolean {
  return SYSTEM_CALL.test(name) || MAY_FAIL.has(name)
}

/** A program of fmod_ret may change what the function returns, unless it sleeps. */
export function isModifiable(name: string): boolean {
  return MODIFIABLE.has(name) || mayFail(name) || name.startsWith('security_')
}

/** Programs that are bound to the function may sleep. */
export function maySleepIn(name: string): boolean {
  return name === SLEEPS_FOR_TESTS || (mayFail(name) && !NEVER_SLEEP.has(name))
}
