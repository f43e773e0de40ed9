import { MAP_FLAG, MAP_TYPE, mapTypeName, XDP_MD } from '@bpfoundry/kernel-abi'
import type { BlockerKind } from '../refusal.ts'
import { type Advice, type AdviceContext, adviceText } from './blocker.ts'
import { helperAdvice } from './helper-advice.ts'
import { insnAdvice } from './insn-advice.ts'

const STACK_KEY =
  'copy it to a local variable first: keys, values and event data lie on the stack, at a fixed place, 4-byte aligned'
const CUT =
  'cut it to 32 bits where the verifier sees it: load 4 bytes, or shift, asm volatile("%0 <<= 32\\n%0 >>= 32" : "+r"(x)); with -mcpu=v3 a cast to __u32 alone leaves the register as it is (-mcpu=v2 shifts)'
const COUNTERS =
  'give counters words of their own, that are only added to by __sync_fetch_and_add, never read or written by the program; user space reads them'

const firmwareLacks: Advice = ({ card }) =>
  `the firmware ${card.firmware.name} of this card lacks it: load the BPF firmware, or do this part on the host`

/** Map types with a type that cards have in their place. */
// biome-ignore format: table
const MAP_TYPE_ADVICE: ReadonlyMap<number, string> = new Map([
  [MAP_TYPE.PERCPU_ARRAY,    'use an ARRAY and count with __sync_fetch_and_add: the card adds atomically in its memory'],
  [MAP_TYPE.PERCPU_HASH,     'use a HASH and count with __sync_fetch_and_add: the card adds atomically in its memory'],
  [MAP_TYPE.LRU_HASH,        'use a HASH; user space has to take old entries out'],
  [MAP_TYPE.LRU_PERCPU_HASH, 'use a HASH; user space has to take old entries out'],
  [MAP_TYPE.LPM_TRIE,        'use one HASH for each prefix length that occurs, from the longest on, keyed by the masked address'],
  [MAP_TYPE.DEVMAP,          'XDP_REDIRECT is not offloaded: pass the packet to the host and redirect it there'],
  [MAP_TYPE.DEVMAP_HASH,     'XDP_REDIRECT is not offloaded: pass the packet to the host and redirect it there'],
  [MAP_TYPE.CPUMAP,          'XDP_REDIRECT is not offloaded: the host spreads over CPUs, or write rx_queue_index to choose a queue'],
  [MAP_TYPE.XSKMAP,          'XDP_REDIRECT is not offloaded: pass the packet to the host, its program hands it to AF_XDP'],
  [MAP_TYPE.PROG_ARRAY,      'there are no tail calls on the card: put the programs into one'],
  [MAP_TYPE.RINGBUF,         'use bpf_perf_event_output with a PERF_EVENT_ARRAY, which stays on the host'],
  [MAP_TYPE.QUEUE,           'use an ARRAY'],
  [MAP_TYPE.STACK,           'use an ARRAY'],
])

const mapTypeAdvice: Advice = ({ map }) => {
  const instead = map === undefined ? undefined : MAP_TYPE_ADVICE.get(map.type)
  return `only HASH and ARRAY maps live on a card${map === undefined ? '' : `, not ${mapTypeName(map.type)}`}: ${instead ?? 'use one of those'}`
}

/** Global variables are maps, most with flags. */
const GLOBALS =
  'there are no global variables on the card: make constants #define or enum, and counters and settings entries of an ARRAY map that is looked up'

const mapFlagsAdvice: Advice = ({ map }) => {
  if (map !== undefined && /\.(bss|data|rodata)/.test(map.name)) return GLOBALS
  const noPrealloc = map !== undefined && (map.flags & MAP_FLAG.NO_PREALLOC) !== 0
  return noPrealloc
    ? 'drop map_flags: the card allocates the elements of a hash itself, BPF_F_NO_PREALLOC means nothing there'
    : 'drop map_flags: a map on a card has none'
}

/** What of the context stands in for fields that the card has not. */
// biome-ignore format: table
const CONTEXT_FIELDS: ReadonlyMap<number, string> = new Map([
  [XDP_MD.dataMeta,       'there is no metadata on the card: start at data'],
  [XDP_MD.ingressIfindex, 'load one program for each port, with the port as a constant'],
  [XDP_MD.rxQueueIndex,   'the queue is not chosen yet on the card: hash the headers in the program'],
])

const contextReadAdvice: Advice = ({ insn }) => {
  const instead = insn === undefined ? undefined : CONTEXT_FIELDS.get(insn.off)
  return `the card knows data and data_end of the context, 4 bytes each${instead === undefined ? '' : `: ${instead}`}`
}

/** What to write instead, by kind of blocker. */
// biome-ignore format: table
const ADVICE: Readonly<Record<BlockerKind, Advice>> = {
  'insn-unsupported':     (context) => adviceText(insnAdvice(context.insn), context),
  'extended-registers':   'constant blinding rewrote the program: load it with bpf_jit_harden 0 or as root with 1',
  'helper-unsupported':   ({ insn }) => helperAdvice(insn?.imm),
  'helper-firmware':      firmwareLacks,
  'adjust-head-metadata': firmwareLacks,
  'argument-kind':        STACK_KEY,
  'argument-variable':    STACK_KEY,
  'argument-unaligned':   `${STACK_KEY}: __attribute__((aligned(4))), or a struct that begins with a 4-byte field`,
  'counter-start':        `${COUNTERS}; insert entries whose counters are zero, from user space or from a zeroed struct`,
  'counter-update':       'let user space insert the entries and the program only add to them: zeros that the program stores on the stack 8-byte aligned are not seen as zeros',
  'event-cpu':            'pass BPF_F_CURRENT_CPU (or-ed with the packet length << 32) as the flags',
  'event-data-kind':      'copy what is to be sent to the stack, or send NULL and packet bytes by the length in the flags',
  'event-data-changes':   'call bpf_perf_event_output once for each kind of data, not once for several',
  'exit-variable':        'return constants: one return statement for each result (switch over the variable)',
  'exit-code':            'direct action on the card knows TC_ACT_SHOT, TC_ACT_STOLEN, TC_ACT_QUEUED and TC_ACT_UNSPEC: return one of those',
  'stack-variable':       'index local arrays by constants (unroll the loop, or use a switch), or keep the array in a map',
  'stack-moves':          'let the paths use places that are equally aligned to 4 bytes: align the variables to 4',
  'stack-size':           ({ card }) => `the card has ${card.firmware.stackBytes} bytes of stack for all functions of a chain, in steps of 64: inline small functions, keep large structs in an ARRAY map`,
  'map-use-conflict':     COUNTERS,
  'map-value-variable':   'use a constant offset into the value: make the index part of the key of the map',
  'map-value-bounds':     'stay within the value size that the map has',
  'map-write':            'count with __sync_fetch_and_add, or write the whole value with bpf_map_update_elem from a copy on the stack',
  'map-elsewhere':        'the map must be created for the same device as the program',
  'map-direct-value':     GLOBALS,
  'pointer-kind':         'the card reads context, stack, packet and map values only: copy what is needed there',
  'pointer-changes':      'do not merge pointers of several kinds before they are used: read in each branch by itself',
  'queue-firmware':       firmwareLacks,
  'context-store':        'rx_queue_index is the only field that can be written: it chooses the queue of the host',
  'context-read':         contextReadAdvice,
  'constant-store':       'the card stores registers only: build with -mcpu=v3, which stores no constants (only v4 does)',
  'atomic-operation':     'the card only adds: __sync_fetch_and_add, without using the old value it returns',
  'atomic-target':        'atomics work on map values only: on the stack and in the packet a plain addition does',
  'atomic-source':        'add numbers, not pointers',
  'multiplier-range':     `the card multiplies 32-bit numbers: ${CUT}`,
  'multiplicand-range':   `the card multiplies 32-bit numbers: ${CUT}`,
  'multiplicand-sign':    'multiply by the positive number and negate the result, or multiply as __u32',
  'dividend-range':       `the card divides 32-bit numbers: ${CUT}`,
  'divisor-variable':     'the card divides by constants: a power of two as a shift by a variable, or one division in each branch of a switch',
  'divisor-range':        `the card divides by 32-bit constants: ${CUT}`,
  'divisor-sign':         'divide by the positive number and negate the result',
  'map-type':             mapTypeAdvice,
  'map-flags':            mapFlagsAdvice,
  'map-count':            ({ card }) => `a card holds ${card.firmware.maps.maxMaps} maps: merge small ones, with a discriminator in the key`,
  'map-elements':         ({ card }) => `all maps of a card share ${card.firmware.maps.maxElements.toLocaleString('en-US')} elements: lower max_entries, of this map or another`,
  'map-element-size':     ({ card }) => `key and value, each rounded up to 8, have ${card.firmware.maps.maxElementBytes} bytes: shorten them, or spread the value over two maps of the same key`,
  'map-key-size':         ({ card }) => `a key has at most ${card.firmware.maps.maxKeyBytes} bytes: hash long keys in the program`,
  'map-value-size':       ({ card }) => `a value has at most ${card.firmware.maps.maxValueBytes} bytes: spread it over two maps of the same key`,
  'program-type':         'only XDP programs and classifiers go to a card: SEC("xdp"), SEC("tc")',
  'packet-split':         ({ card }) => `the card keeps the first ${card.firmware.inlineBytes - 32} bytes of a packet at hand: look at less of it, or lower the MTU`,
  'program-length':       ({ card }) => `the code store takes ${card.firmware.maxProgramWords} words: leave rare cases to the host (XDP_PASS), share code in functions (noinline), unroll less`,
  'translation':          'the translator of the driver could not do it: see its lines',
  'verifier':             'the program is not fit for any kernel: see the log (verify --log-level 1)',
}

/** The rewrite that would offload. */
export function adviceFor(context: AdviceContext): string {
  return context.refusal.hint ?? adviceText(ADVICE[context.refusal.kind], context)
}
