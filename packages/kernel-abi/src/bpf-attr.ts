/** enum bpf_cmd of Linux 6.12, without `BPF_`: the first argument of bpf(2). @see include/uapi/linux/bpf.h */
export const BPF_CMD = {
  MAP_CREATE: 0,
  MAP_LOOKUP_ELEM: 1,
  MAP_UPDATE_ELEM: 2,
  MAP_DELETE_ELEM: 3,
  MAP_GET_NEXT_KEY: 4,
  PROG_LOAD: 5,
  OBJ_PIN: 6,
  OBJ_GET: 7,
  PROG_ATTACH: 8,
  PROG_DETACH: 9,
  PROG_TEST_RUN: 10,
  PROG_GET_NEXT_ID: 11,
  MAP_GET_NEXT_ID: 12,
  PROG_GET_FD_BY_ID: 13,
  MAP_GET_FD_BY_ID: 14,
  OBJ_GET_INFO_BY_FD: 15,
  PROG_QUERY: 16,
  RAW_TRACEPOINT_OPEN: 17,
  BTF_LOAD: 18,
  BTF_GET_FD_BY_ID: 19,
  TASK_FD_QUERY: 20,
  MAP_LOOKUP_AND_DELETE_ELEM: 21,
  MAP_FREEZE: 22,
  BTF_GET_NEXT_ID: 23,
  MAP_LOOKUP_BATCH: 24,
  MAP_LOOKUP_AND_DELETE_BATCH: 25,
  MAP_UPDATE_BATCH: 26,
  MAP_DELETE_BATCH: 27,
  LINK_CREATE: 28,
  LINK_UPDATE: 29,
  LINK_GET_FD_BY_ID: 30,
  LINK_GET_NEXT_ID: 31,
  ENABLE_STATS: 32,
  ITER_CREATE: 33,
  LINK_DETACH: 34,
  PROG_BIND_MAP: 35,
  TOKEN_CREATE: 36,
} as const

/** Offset and size in bytes of a field in union bpf_attr. */
export type AttrField = readonly [offsetBytes: number, sizeBytes: number]

/** One struct of union bpf_attr. */
export type AttrLayout = Readonly<Record<string, AttrField>>

/** What BPF_MAP_CREATE is given. */
// biome-ignore format: table
export const MAP_CREATE_ATTR = {
  map_type:                  [  0,  4],
  key_size:                  [  4,  4],
  value_size:                [  8,  4],
  max_entries:               [ 12,  4],
  map_flags:                 [ 16,  4],
  inner_map_fd:              [ 20,  4],
  numa_node:                 [ 24,  4],
  map_name:                  [ 28, 16],
  map_ifindex:               [ 44,  4],
  btf_fd:                    [ 48,  4],
  btf_key_type_id:           [ 52,  4],
  btf_value_type_id:         [ 56,  4],
  btf_vmlinux_value_type_id: [ 60,  4],
  map_extra:                 [ 64,  8],
  value_type_btf_obj_fd:     [ 72,  4],
  map_token_fd:              [ 76,  4],
} as const

/** What BPF_MAP_LOOKUP_ELEM, _UPDATE_ELEM, _DELETE_ELEM, _GET_NEXT_KEY and _FREEZE are given; `value` is `next_key`, too. */
// biome-ignore format: table
export const MAP_ELEM_ATTR = {
  map_fd: [  0,  4],
  key:    [  8,  8],
  value:  [ 16,  8],
  flags:  [ 24,  8],
} as const

/** What BPF_MAP_*_BATCH are given (`batch` in union bpf_attr). */
// biome-ignore format: table
export const MAP_BATCH_ATTR = {
  in_batch:   [  0,  8],
  out_batch:  [  8,  8],
  keys:       [ 16,  8],
  values:     [ 24,  8],
  count:      [ 32,  4],
  map_fd:     [ 36,  4],
  elem_flags: [ 40,  8],
  flags:      [ 48,  8],
} as const

/** What BPF_PROG_LOAD is given. */
// biome-ignore format: table
export const PROG_LOAD_ATTR = {
  prog_type:            [  0,  4],
  insn_cnt:             [  4,  4],
  insns:                [  8,  8],
  license:              [ 16,  8],
  log_level:            [ 24,  4],
  log_size:             [ 28,  4],
  log_buf:              [ 32,  8],
  kern_version:         [ 40,  4],
  prog_flags:           [ 44,  4],
  prog_name:            [ 48, 16],
  prog_ifindex:         [ 64,  4],
  expected_attach_type: [ 68,  4],
  prog_btf_fd:          [ 72,  4],
  func_info_rec_size:   [ 76,  4],
  func_info:            [ 80,  8],
  func_info_cnt:        [ 88,  4],
  line_info_rec_size:   [ 92,  4],
  line_info:            [ 96,  8],
  line_info_cnt:        [104,  4],
  attach_btf_id:        [108,  4],
  attach_btf_obj_fd:    [112,  4],
  core_relo_cnt:        [116,  4],
  fd_array:             [120,  8],
  core_relos:           [128,  8],
  core_relo_rec_size:   [136,  4],
  log_true_size:        [140,  4],
  prog_token_fd:        [144,  4],
} as const

/** What BPF_PROG_TEST_RUN is given (`test` in union bpf_attr). */
// biome-ignore format: table
export const PROG_TEST_RUN_ATTR = {
  prog_fd:       [  0,  4],
  retval:        [  4,  4],
  data_size_in:  [  8,  4],
  data_size_out: [ 12,  4],
  data_in:       [ 16,  8],
  data_out:      [ 24,  8],
  repeat:        [ 32,  4],
  duration:      [ 36,  4],
  ctx_size_in:   [ 40,  4],
  ctx_size_out:  [ 44,  4],
  ctx_in:        [ 48,  8],
  ctx_out:       [ 56,  8],
  flags:         [ 64,  4],
  cpu:           [ 68,  4],
  batch_size:    [ 72,  4],
} as const

/** What BPF_BTF_LOAD is given. */
// biome-ignore format: table
export const BTF_LOAD_ATTR = {
  btf:               [  0,  8],
  btf_log_buf:       [  8,  8],
  btf_size:          [ 16,  4],
  btf_log_size:      [ 20,  4],
  btf_log_level:     [ 24,  4],
  btf_log_true_size: [ 28,  4],
  btf_flags:         [ 32,  4],
  btf_token_fd:      [ 36,  4],
} as const

/** What BPF_OBJ_GET_INFO_BY_FD is given (`info` in union bpf_attr). */
// biome-ignore format: table
export const OBJ_INFO_ATTR = {
  bpf_fd:   [  0,  4],
  info_len: [  4,  4],
  info:     [  8,  8],
} as const

/** What BPF_*_GET_NEXT_ID and BPF_*_GET_FD_BY_ID are given; `id` is `start_id`, `prog_id`, `map_id` or `btf_id`. */
// biome-ignore format: table
export const GET_ID_ATTR = {
  id:         [  0,  4],
  next_id:    [  4,  4],
  open_flags: [  8,  4],
} as const

/** Bytes of union bpf_attr in Linux 6.12; the kernel takes a shorter one, the rest being zero. */
export const BPF_ATTR_BYTES = 152
