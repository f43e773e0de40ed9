/** Helpers and kernel functions that call a function of the program: before they return, or some time after. */

/** BPF_FUNC_* */
export const FOR_EACH_MAP_ELEM = 164
export const TIMER_SET_CALLBACK = 170
export const FIND_VMA = 180
export const LOOP = 181
export const USER_RINGBUF_DRAIN = 209

/** @see is_sync_callback_calling_function in kernel/bpf/verifier.c */
export const RUNS_CALLBACK: ReadonlySet<number> = new Set([FOR_EACH_MAP_ELEM, FIND_VMA, LOOP, USER_RINGBUF_DRAIN])

/** Puts an object into a tree; the callback compares. @see is_sync_callback_calling_kfunc */
export const TREE_ADD = 'bpf_rbtree_add_impl'

/** @see is_async_callback_calling_kfunc */
export const WORK_SET_CALLBACK = 'bpf_wq_set_callback_impl'
