import { helperName } from '@bpfoundry/kernel-abi'

const REDIRECT =
  'XDP_REDIRECT is not offloaded: pass the packet to the host and redirect it there, by a second program in native mode on the same port; XDP_TX sends it back out of the port that it came in by'
const CLOCK =
  "the card has no clock for programs: let user space write a coarse time or an epoch into an array map, or do the time's part on the host"
const EVENTS = 'the card sends events by bpf_perf_event_output with BPF_F_CURRENT_CPU only: use that, or count in a map'
const COPY = 'read and write the packet through data and data_end, after a bounds check: the card does that directly'
const QUEUES = 'only hash and array maps live on a card: keep the entries in one of those, or do this part on the host'

/** What to do instead of calling a helper that no card has, by the helper's name. */
// biome-ignore format: table
const ROWS: Readonly<Record<string, string>> = {
  bpf_redirect:               REDIRECT,
  bpf_redirect_map:           REDIRECT,
  bpf_clone_redirect:         REDIRECT,
  bpf_redirect_peer:          REDIRECT,
  bpf_redirect_neigh:         REDIRECT,
  bpf_ktime_get_ns:           CLOCK,
  bpf_ktime_get_boot_ns:      CLOCK,
  bpf_ktime_get_coarse_ns:    CLOCK,
  bpf_ktime_get_tai_ns:       CLOCK,
  bpf_jiffies64:              CLOCK,
  bpf_tail_call:              'the card has no tail calls: put the programs into one; functions of one program call each other on the card, as long as all of it fits the code store',
  bpf_xdp_adjust_meta:        'packets carry no metadata from the card to the host: count or mark in a map, or add an own header with bpf_xdp_adjust_head',
  bpf_fib_lookup:             'the card has no routing table: keep next hops in a hash map that user space fills, or pass what it does not know to the host',
  bpf_csum_diff:              'add the 16-bit words up in the program and fold the carries: constants and few words are cheap on the card',
  bpf_trace_printk:           'the card prints nothing: take the call out (#ifdef DEBUG), or send an event with bpf_perf_event_output',
  bpf_trace_vprintk:          'the card prints nothing: take the call out (#ifdef DEBUG), or send an event with bpf_perf_event_output',
  bpf_ringbuf_output:         EVENTS,
  bpf_ringbuf_reserve:        EVENTS,
  bpf_ringbuf_submit:         EVENTS,
  bpf_ringbuf_discard:        EVENTS,
  bpf_get_smp_processor_id:   'there are no CPUs of the host on the card: one array entry and __sync_fetch_and_add count without losses there',
  bpf_map_lookup_percpu_elem: 'per-CPU maps do not live on a card: one array entry and __sync_fetch_and_add count without losses there',
  bpf_xdp_load_bytes:         COPY,
  bpf_xdp_store_bytes:        COPY,
  bpf_xdp_get_buff_len:       'data_end - data is the length: packets are in one piece for the card',
  bpf_skb_load_bytes:         COPY,
  bpf_skb_store_bytes:        COPY,
  bpf_spin_lock:              'the card locks nothing for programs: __sync_fetch_and_add on words of a map value is its only atomic',
  bpf_spin_unlock:            'the card locks nothing for programs: __sync_fetch_and_add on words of a map value is its only atomic',
  bpf_loop:                   'callbacks do not run on the card: use a for loop with a constant bound',
  bpf_for_each_map_elem:      'callbacks do not run on the card: let user space walk the map',
  bpf_map_push_elem:          QUEUES,
  bpf_map_pop_elem:           QUEUES,
  bpf_map_peek_elem:          QUEUES,
  bpf_timer_start:            CLOCK,
}

const ANY =
  'the card has map look-up, update and delete, adjust_head, adjust_tail, random numbers and perf events: leave this part to the host (XDP_PASS), or let user space prepare its result in a map'

/** What to do instead of a helper call. */
export function helperAdvice(helper: number | undefined): string {
  return helper === undefined ? ANY : (ROWS[helperName(helper)] ?? ANY)
}
