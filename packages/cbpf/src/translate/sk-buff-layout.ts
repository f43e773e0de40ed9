import { BPF_W } from '@bpfoundry/isa'
import type { AncillaryAccess, ContextLayout } from './context-layout.ts'

const word = (off: number): AncillaryAccess => ({ kind: 'field', field: { size: BPF_W, off } })
const networkOrder = (off: number): AncillaryAccess => ({
  kind: 'field',
  field: { size: BPF_W, off },
  byteOrder: 'big',
})

/** Of BPF_FUNC_*. */
const GET_PRANDOM_U32 = 7
const GET_SMP_PROCESSOR_ID = 8

/**
 * The context of socket filters and tc classifiers as programs see it, struct __sk_buff: translated for it, a classic
 * program can be loaded with BPF_PROG_LOAD. The device's type, netlink attributes and the payload's offset are in no
 * field and no helper of it.
 *
 * @see struct __sk_buff in the kernel's include/uapi/linux/bpf.h
 */
export const SK_BUFF_CONTEXT: ContextLayout = {
  name: 'struct __sk_buff',
  verified: true,
  length: { size: BPF_W, off: 0 },
  packet: { kind: 'instructions' },
  ancillary: {
    pkttype: word(4),
    mark: word(8),
    queue: word(12),
    protocol: networkOrder(16),
    vlan_tag_present: word(20),
    vlan_tag: word(24),
    vlan_tpid: networkOrder(28),
    ifindex: word(40),
    rxhash: word(68),
    cpu: { kind: 'call', helper: GET_SMP_PROCESSOR_ID },
    random: { kind: 'call', helper: GET_PRANDOM_U32 },
  },
}
