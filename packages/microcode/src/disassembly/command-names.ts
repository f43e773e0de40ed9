/**
 * Names of commands by target, action and token, as binutils' disassembler prints them (read off its output for every
 * combination of the fields). A row an action, an entry a token; `-`: there is none. Names with `|` depend on the count: two
 * names on its highest bit, eight names on all three.
 */

/** A unit that takes commands: its number, the lowest value of the command word's target field, its actions. */
export interface CommandTarget {
  readonly name: string
  readonly number: number
  readonly base: number
  /** How many actions its part of the field has room for. */
  readonly span: number
  readonly actions: readonly (readonly [string, string, string, string])[]
}

// biome-ignore format: a row an action
export const COMMAND_TARGETS: readonly CommandTarget[] = [
  { name: 'ila', number: 6, base: 0x00, span: 4, actions: [
    ['read', 'read_check_error', '-', '-'],
    ['write', 'write_check_error', '-', '-'],
    ['read_int', '-', '-', '-'],
    ['write_int|-|-|write_dma|-|-|-|-', '-', '-', '-'],
  ] },
  { name: 'nbi', number: 1, base: 0x04, span: 4, actions: [
    ['read', '-', '-', '-'],
    ['write', '-', '-', '-'],
    ['-', '-', '-', '-'],
    ['packet_ready_drop', 'packet_ready_unicast', 'packet_ready_multicast_dont_free', 'packet_ready_multicast_free_on_last'],
  ] },
  { name: 'pcie', number: 9, base: 0x0c, span: 4, actions: [
    ['read', 'read_rid', '-', '-'],
    ['write', 'write_rid', 'write_vdm', '-'],
    ['read_int', '-', '-', '-'],
    ['write_int', '-', '-', '-'],
  ] },
  { name: 'crypto', number: 12, base: 0x14, span: 4, actions: [
    ['read', '-', '-', '-'],
    ['write', '-', '-', '-'],
    ['write_fifo', '-', '-', '-'],
  ] },
  { name: 'arm', number: 10, base: 0x18, span: 4, actions: [
    ['read', '-', '-', '-'],
    ['write', '-', '-', '-'],
  ] },
  { name: 'ct', number: 14, base: 0x1c, span: 4, actions: [
    ['xpb_read', 'ring_get', 'interthread_signal', '-'],
    ['xpb_write', 'ring_put', 'ctnn_write', '-'],
    ['reflect_read_none', 'reflect_read_sig_init', 'reflect_read_sig_remote', 'reflect_read_sig_both'],
    ['reflect_write_none', 'reflect_write_sig_init', 'reflect_write_sig_remote', 'reflect_write_sig_both'],
  ] },
  { name: 'sram', number: 2, base: 0x30, span: 16, actions: [
    ['-', '-', '-', '-'],
  ] },
  { name: 'mem', number: 7, base: 0x40, span: 32, actions: [
    ['read', 'read_le', 'read_swap', 'read_swap_le'],
    ['write', 'write_le', 'write_swap', 'write_swap_le'],
    ['write8', 'write8_le', 'write8_swap', 'write8_swap_le'],
    ['atomic_read', 'read8', 'compare_write_or_incr/mask_compare_write', 'test_compare_write_or_incr/test_mask_compare_write'],
    ['atomic_write', 'swap', 'atomic_write_imm', 'swap_imm'],
    ['set', 'test_set', 'set_imm', 'test_set_imm'],
    ['clr', 'test_clr', 'clr_imm', 'test_clr_imm'],
    ['add|add64', 'test_add|test_add64', 'add_imm|add64_imm', 'test_add_imm|test_add64_imm'],
    ['addsat|addsat64', 'test_addsat|test_addsat64', 'addsat_imm|addsat64_imm', 'test_addsat_imm|test_addsat64_imm'],
    ['sub|sub64', 'test_sub|test_sub64', 'sub_imm|sub64_imm', 'test_sub_imm|test_sub64_imm'],
    ['subsat|subsat64', 'test_subsat|test_subsat64', 'subsat_imm|subsat64_imm', 'test_subsat_imm|test_subsat64_imm'],
    ['ticket_release', 'ticket_release_ind', '-', '-'],
    ['cam128_lookup8/cam384_lookup8|cam128_lookup16/cam384_lookup16|cam128_lookup24/cam384_lookup24|cam128_lookup32/cam384_lookup32|cam256_lookup8/cam512_lookup8|cam256_lookup16/cam512_lookup16|cam256_lookup24/cam512_lookup24|cam256_lookup32/cam512_lookup32', 'cam128_lookup8_add/cam384_lookup8_add|cam128_lookup16_add/cam384_lookup16_add|cam128_lookup24_add/cam384_lookup24_add|cam128_lookup32_add/cam384_lookup32_add|cam256_lookup8_add/cam512_lookup8_add|cam256_lookup16_add/cam512_lookup16_add|cam256_lookup24_add/cam512_lookup24_add|cam256_lookup32_add/cam512_lookup32_add', 'tcam128_lookup8/tcam384_lookup8|tcam128_lookup16/tcam384_lookup16|tcam128_lookup24/tcam384_lookup24|tcam128_lookup32/tcam384_lookup32|tcam256_lookup8/tcam512_lookup8|tcam256_lookup16/tcam512_lookup16|tcam256_lookup24/tcam512_lookup24|tcam256_lookup32/tcam512_lookup32', 'lock128/lock384|-|cam128_lookup24_add_inc/cam384_lookup24_add_inc|-|lock256/lock512|-|cam256_lookup24_add_inc/cam512_lookup24_add_inc|-'],
    ['microq128_get|-|-|-|microq256_get|-|-|-', 'microq128_pop|-|-|-|microq256_pop|-|-|-', 'microq128_put|-|-|-|microq256_put|-|-|-', '-'],
    ['queue128_lock|-|-|-|queue256_lock|-|-|-', 'queue128_unlock|-|-|-|queue256_unlock|-|-|-', '-', '-'],
    ['xor', 'test_xor', 'xor_imm', 'test_xor_imm'],
    ['ctm.packet_wait_packet_status/emem.rd_qdesc/imem.stats_log', 'ctm.packet_read_packet_status/emem.wr_qdesc/imem.stats_log_sat', 'emem.push_qdesc/imem.stats_log_event', 'imem.stats_log_sat_event'],
    ['ctm.packet_alloc/emem.enqueue/imem.stats_push', 'ctm.packet_credit_get/emem.enqueue_tail/imem.stats_push_clear', 'ctm.packet_alloc_poll/emem.dequeue', 'ctm.packet_add_thread'],
    ['ctm.packet_free/emem.read_queue/imem.lb_write_desc', 'ctm.packet_free_and_signal/emem.read_queue_ring/imem.lb_read_desc', 'ctm.packet_free_and_return_pointer/emem.write_queue', 'ctm.packet_return_pointer/emem.write_queue_ring'],
    ['ctm.packet_complete_drop/emem.add_tail/imem.lb_write_idtable', 'ctm.packet_complete_unicast/emem.qadd_thread/imem.lb_read_idtable', 'ctm.packet_complete_multicast/emem.qadd_work', 'ctm.packet_complete_multicast_free/emem.qadd_work_imm'],
    ['ctm.pe_dma_to_memory_packet/emem.put/imem.lb_bucket_write_local', 'ctm.pe_dma_to_memory_packet_swap/imem.lb_bucket_write_dcache', 'ctm.pe_dma_to_memory_packet_free/emem.journal', 'ctm.pe_dma_to_memory_packet_free_swap'],
    ['ctm.pe_dma_to_memory_indirect/emem.get/imem.lb_bucket_read_local', 'ctm.pe_dma_to_memory_indirect_swap/emem.get_eop/imem.lb_bucket_read_dcache', 'ctm.pe_dma_to_memory_indirect_free/emem.get_freely', 'ctm.pe_dma_to_memory_indirect_free_swap'],
    ['ctm.pe_dma_to_memory_buffer/emem.pop/imem.lb_lookup_bundleid', 'ctm.pe_dma_to_memory_buffer_le/emem.pop_eop/imem.lb_lookup_dcache', 'ctm.pe_dma_to_memory_buffer_swap/emem.pop_freely/imem.lb_lookup_idtable', 'ctm.pe_dma_to_memory_buffer_le_swap'],
    ['ctm.pe_dma_from_memory_buffer/emem.fast_journal/imem.lb_push_stats_local', 'ctm.pe_dma_from_memory_buffer_le/emem.fast_journal_sig/imem.lb_push_stats_dcache', 'ctm.pe_dma_from_memory_buffer_swap/imem.lb_push_stats_local_clr', 'ctm.pe_dma_from_memory_buffer_le_swap/imem.lb_push_stats_dcache_clr'],
    ['-', '-', '-', '-'],
    ['-', '-', '-', '-'],
    ['emem.lookup/imem.lookup', '-', '-', '-'],
    ['-', '-', '-', '-'],
    ['read32', 'read32_le', 'read32_swap', 'read32_swap_le'],
    ['-', 'cam_lookup_add_lock', 'cam_lookup_add_extend', 'cam_lookup_add_inc'],
    ['-', '-', 'meter', '-'],
    ['write32', 'write32_le', 'write32_swap', 'write32_swap_le'],
  ] },
  { name: 'cls', number: 15, base: 0x60, span: 32, actions: [
    ['read', 'read_le', 'swap/test_compare_write', 'xor'],
    ['write', 'write_le', 'write8_be', 'write8_le'],
    ['set', 'clr', 'test_set', 'test_clr'],
    ['set_imm', 'clr_imm', 'test_set_imm', 'test_clr_imm'],
    ['add', 'add64', 'addsat', '-'],
    ['add_imm', 'add64_imm', 'addsat_imm', '-'],
    ['sub', 'sub64', 'subsat', '-'],
    ['sub_imm', 'sub64_imm', 'subsat_imm', '-'],
    ['queue_lock', 'queue_unlock', 'hash_mask', 'hash_mask_clear'],
    ['get', 'pop', 'get_safe', 'pop_safe'],
    ['ring_put', '-', 'ring_journal', '-'],
    ['cam_lookup32', 'cam_lookup32_add', 'cam_lookup24', 'cam_lookup24_add'],
    ['cam_lookup8', 'cam_lookup8_add', 'cam_lookup16', 'cam_lookup16_add'],
    ['tcam_lookup32', 'tcam_lookup24', 'tcam_lookup16', 'tcam_lookup8'],
    ['reflect_write_sig_local', 'reflect_write_sig_remote', 'reflect_write_sig_both', '-'],
    ['reflect_read_sig_remote', 'reflect_read_sig_local', 'reflect_read_sig_both', '-'],
    ['-', 'cam_lookup32_add_lock', 'cam_lookup24_add_inc', 'cam_lookup32_add_extend'],
    ['meter', '-', 'statistic', 'statistic_imm'],
    ['-', '-', '-', '-'],
    ['-', '-', '-', '-'],
    ['test_add', 'test_add64', 'test_addsat', '-'],
    ['test_add_imm', 'test_add64_imm', 'test_addsat_imm', '-'],
    ['test_sub', 'test_sub64', 'test_subsat', '-'],
    ['test_sub_imm', 'test_sub64_imm', 'test_subsat_imm', '-'],
    ['ring_read', 'ring_write', 'ring_ordered_lock', 'ring_ordered_unlock'],
    ['ring_workq_add_thread', 'ring_workq_add_work', '-', '-'],
  ] },
]
