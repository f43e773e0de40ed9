import { ANCILLARY, type AncillaryName } from '../ancillary-data.ts'

/** Words for ancillary data in assembly, with and without `#` before them: bpf_asm's. */
// biome-ignore format: table
const EXTENSIONS: readonly (readonly [word: string, name: AncillaryName])[] = [
  ['proto',      'protocol'],
  ['type',       'pkttype'],
  ['poff',       'pay_offset'],
  ['ifidx',      'ifindex'],
  ['nla',        'nlattr'],
  ['nlan',       'nlattr_nest'],
  ['mark',       'mark'],
  ['queue',      'queue'],
  ['hatype',     'hatype'],
  ['rxhash',     'rxhash'],
  ['cpu',        'cpu'],
  ['vlan_tci',   'vlan_tag'],
  ['vlan_pr',    'vlan_tag_present'],
  ['vlan_avail', 'vlan_tag_present'],
  ['vlan_tpid',  'vlan_tpid'],
  ['rand',       'random'],
]

/** More of them, only behind `#`, for without it they may be labels: bpfc's, and the full name of `poff`. */
// biome-ignore format: table
const MORE_EXTENSIONS: readonly (readonly [word: string, name: AncillaryName])[] = [
  ['pto',        'protocol'],
  ['ifx',        'ifindex'],
  ['que',        'queue'],
  ['q',          'queue'],
  ['hat',        'hatype'],
  ['rxh',        'rxhash'],
  ['vlant',      'vlan_tag'],
  ['vlana',      'vlan_tag_present'],
  ['vlanp',      'vlan_tag_present'],
  ['vlan_acc',   'vlan_tag_present'],
  ['pay_offset', 'pay_offset'],
]

type Words = readonly (readonly [word: string, name: AncillaryName])[]
const offsetOf = new Map(ANCILLARY.map(({ name, k }) => [name, k]))
const offsets = (words: Words): Map<string, number> =>
  new Map(words.map(([word, name]) => [word, offsetOf.get(name) as number]))

/** What a load with the word has as k. */
export const EXTENSION_WORDS: ReadonlyMap<string, number> = offsets(EXTENSIONS)
/** Likewise, of words that need `#`. */
export const MARKED_EXTENSION_WORDS: ReadonlyMap<string, number> = offsets(MORE_EXTENSIONS)
/** The packet's length. */
export const LENGTH_WORD = 'len'
/** The same to bpfc, behind `#`. */
export const MARKED_LENGTH_WORD = 'pktlen'

/** Words that stand behind `#`, shorter ones later: the longest that fits counts. */
export const HASH_WORDS: readonly string[] = [LENGTH_WORD, ...EXTENSION_WORDS.keys()].sort(
  (one, other) => other.length - one.length,
)

/** The registers and M[], as words of one letter. */
export const LETTERS: ReadonlySet<string> = new Set(['a', 'x', 'm'])
