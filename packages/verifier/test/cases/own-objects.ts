/** Programs that make objects of their own. `new(plain)`, `drop`, `acquire` and `exchange` stand for calls, `slot` for a map's value. */

/** One program and what it is about. */
export type OwnCase = readonly [name: string, asm: string]

const THERE = '\nif r0 == 0 goto out'
/** r6 = an object. */
const made = (struct: string): string => `\nnew(${struct})${THERE}\nr6 = r0`
const DROP = '\nr1 = r6\ndrop'
/** r7 = a value of the map; asked for first, since nothing is held then. */
const SLOT = '\nslot\nr7 = r0'
/** r0 = what was at `offset` of the value, r6 is there now. */
const put = (offset: number): string => `\nr1 = r7\nr1 += ${offset}\nr2 = r6\nexchange`
/** Gives up what r0 holds, if anything. */
const REST = `${THERE}\nr1 = r0\ndrop`
/** Takes the lock of the value, or gives it back. */
const lock = (call: number): string => `\nr1 = r7\nr1 += 32\ncall ${call}`
/** r6 = what is at `offset` of the value. */
const found = (offset: number): string => `${SLOT}\nr6 = *(u64 *)(r7 + ${offset})\nif r6 == 0 goto out`

// biome-ignore format: table
export const OWN_CASES: readonly OwnCase[] = [
  ['an object, made and given up',            made('plain') + DROP],
  ['an object that is kept',                  made('plain')],
  ['an object that may be NULL, read',        '\nnew(plain)\nr1 = *(u64 *)(r0 + 0)'],
  ['an object that may be NULL, given up',    '\nnew(plain)\nr1 = r0\ndrop'],
  ['an object given up twice',                `${made('plain')}${DROP}${DROP}`],
  ['an object read after it was given up',    `${made('plain')}${DROP}\nr0 = *(u64 *)(r6 + 0)`],
  ['a load and a store in an object',         `${made('plain')}\n*(u64 *)(r6 + 8) = 7\nr1 = *(u32 *)(r6 + 12)\n*(u64 *)(r6 + 0) = r1${DROP}`],
  ['an atomic addition in an object',         `${made('plain')}\nr1 = 1\nlock *(u64 *)(r6 + 8) += r1${DROP}`],
  ['a stored pointer, loaded again',          `${made('plain')}\n*(u64 *)(r6 + 8) = r10\nr1 = *(u64 *)(r6 + 8)\nr2 = *(u64 *)(r1 + 0)${DROP}`],
  ['past the end of an object',               `${made('plain')}\n*(u64 *)(r6 + 16) = 7${DROP}`],
  ['across two numbers of an object',         `${made('plain')}\nr1 = *(u64 *)(r6 + 4)${DROP}`],
  ['before an object',                        `${made('plain')}\n*(u64 *)(r6 - 8) = 7${DROP}`],
  ['at any offset of an object',              `${made('plain')}\nr1 = *(u64 *)(r6 + 0)\nr1 &= 8\nr6 += r1\nr2 = *(u8 *)(r6 + 0)`],
  ['the middle of an object, given up',       `${made('plain')}\nr6 += 8${DROP}`],
  ['a number, given up',                      '\nr6 = 7\nr1 = r6\ndrop'],
  ['the stack, given up',                     '\nr6 = r10\nr1 = r6\ndrop'],
  ['an object of no structure',               '\nnew(0)'],
  ['an object of a number',                   '\nnew(1)'],
  ['an object of a type that is not there',   '\nnew(9999)'],
  ['an object of a type that no number of 32 bits names', '\nr1 = 4294967296 ll\nr2 = 0\ncall 9000'],
  ['an object of an unknown type',            '\nr1 = *(u32 *)(r10 - 8)\nr2 = 0\ncall 9000'],
  ['the links of an object',                  `${made('tree_node')}\n*(u64 *)(r6 + 8) = 0${DROP}`],
  ['the count of an object',                  `${made('counted')}\nr1 = *(u32 *)(r6 + 8)${DROP}`],
  ['the pointer in an object, loaded',        `${made('holder')}\nr1 = *(u64 *)(r6 + 8)${DROP}`],
  ['an object, counted once more',            `${made('counted')}\nr1 = r6\nacquire\nr7 = r0${DROP}\nr1 = r7\ndrop`],
  ['an object, counted once more and kept',   `${made('counted')}\nr1 = r6\nacquire${DROP}`],
  ['an object without a count, counted',      `${made('tree_node')}\nr1 = r6\nacquire${DROP}`],
  ['a number, counted',                       '\nr1 = 7\nacquire'],
  ['an object put into a map',                `${SLOT}${made('plain')}${put(0)}${REST}`],
  ['an object put into a map and kept',       `${SLOT}${made('plain')}${put(0)}`],
  ['an object in a map, given up by its maker', `${SLOT}${made('plain')}${put(0)}${DROP}`],
  ['an object of another structure put into a map', `${SLOT}${made('tree_node')}${put(0)}${REST}`],
  ['the middle of an object put into a map',  `${SLOT}${made('plain')}\nr6 += 8${put(0)}${REST}`],
  ['an object put beside its place',          `${SLOT}${made('plain')}${put(24)}${REST}`],
  ['an object put into another',              `${made('plain')}\nr8 = r6\nnew(holder)\nif r0 == 0 goto back\nr6 = r0\nr1 = r6\nr1 += 8\nr2 = r8\nexchange\nr8 = r0${DROP}\nif r8 == 0 goto out\nback: r1 = r8\ndrop`],
  ['an object put into one without a place',  `${made('plain')}\nr1 = r6\nr2 = 0\nexchange`],
  ['an object put beside the place in another', `${made('holder')}\nr1 = r6\nr2 = 0\nexchange`],
  ['an object in a map, read',                `${found(0)}\nr1 = *(u64 *)(r6 + 0)`],
  ['an object in a map that may be NULL, read', `${SLOT}\nr6 = *(u64 *)(r7 + 0)\nr1 = *(u64 *)(r6 + 0)`],
  ['an object in a map, written',             `${found(0)}\n*(u64 *)(r6 + 0) = 1`],
  ['an object in a map, given up',            `${found(0)}${DROP}`],
  ['a linked object in a map, read',          `${found(16)}\nr1 = *(u64 *)(r6 + 0)`],
  ['a linked object in a map, read after a lock was given back', `${found(16)}${lock(93)}${lock(94)}\nr1 = *(u64 *)(r6 + 0)`],
  ['an object in a map, read after a lock was given back', `${found(0)}${lock(93)}${lock(94)}\nr1 = *(u64 *)(r6 + 0)`],
  ['an object counted under a lock', `${SLOT}${made('counted')}${lock(93)}\nr1 = r6\nacquire\nr8 = r0${lock(94)}${DROP}\nr1 = r8\ndrop`],
  ['an object made under a lock',             `${SLOT}${lock(93)}\nnew(plain)`],
  ['a store to the place in a map',           `${SLOT}${made('plain')}\n*(u64 *)(r7 + 0) = r6`],
  ['an object handed to a helper as memory',  `${made('plain')}\nr1 = r10\nr1 += -8\nr2 = 8\nr3 = r6\ncall 113${DROP}`],
  ['an object with a lock, made and given up', made('locked') + DROP],
  ['the lock of an object, stored to',        `${made('locked')}\n*(u32 *)(r6 + 8) = 1${DROP}`],
  ['an object in a register and on the stack', `${made('plain')}\n*(u64 *)(r10 - 8) = r6\nr1 = *(u64 *)(r10 - 8)\ndrop\nr2 = *(u64 *)(r10 - 8)`],
  ['one store to two sorts of pointers',      `${SLOT}\nr6 = *(u64 *)(r7 + 0)\nif r6 != 0 goto store\nnew(plain)${THERE}\nr6 = r0\nstore: *(u64 *)(r6 + 0) = 1`],
]

/** Puts r6 into the list at `offset` of the value, by its links at `node`; or takes what is first there. */
const push = (offset: number, node: number): string =>
  `\nr1 = r7\nr1 += ${offset}\nr2 = r6\nr2 += ${node}\nr3 = 0\nr4 = 0\ncall 9003`
const pop = (offset: number): string => `\nr1 = r7\nr1 += ${offset}\ncall 9004\nr8 = r0`
const TAKEN = '\nif r8 == 0 goto out\nr8 += -32\nr1 = r8\ndrop'

// biome-ignore format: table
export const LIST_CASES: readonly OwnCase[] = [
  ['an object put into a list',               `${SLOT}${made('item')}${lock(93)}${push(40, 32)}${lock(94)}`],
  ['an object put into a list without its lock', `${SLOT}${made('item')}${push(40, 32)}`],
  ['an object put into a list under another lock', `${SLOT}${made('item')}${lock(93)}\nr9 = r7${lock(94)}${push(40, 32)}`],
  ['an object in a list, read under the lock', `${SLOT}${made('item')}${lock(93)}${push(40, 32)}\nr1 = *(u64 *)(r6 + 0)\n*(u64 *)(r6 + 0) = 1${lock(94)}`],
  ['an object in a list, read after the lock was given back', `${SLOT}${made('item')}${lock(93)}${push(40, 32)}${lock(94)}\nr1 = *(u64 *)(r6 + 0)`],
  ['a counted object in a list, read after the lock was given back', `${SLOT}${made('shared_item')}${lock(93)}${push(56, 8)}${lock(94)}\nr1 = *(u64 *)(r6 + 0)`],
  ['an object put into two lists',            `${SLOT}${made('item')}${lock(93)}${push(40, 32)}${push(40, 32)}${lock(94)}`],
  ['an object in a list, given up',           `${SLOT}${made('item')}${lock(93)}${push(40, 32)}${lock(94)}${DROP}`],
  ['an object put into a list by other links', `${SLOT}${made('item')}${lock(93)}${push(40, 8)}${lock(94)}`],
  ['an object put into a list by no links',   `${SLOT}${made('item')}${lock(93)}${push(40, 0)}${lock(94)}`],
  ['an object put into a list of others',     `${SLOT}${made('item')}${lock(93)}${push(56, 8)}${lock(94)}`],
  ['an object put beside a list',             `${SLOT}${made('item')}${lock(93)}${push(48, 32)}${lock(94)}`],
  ['a number put into a list',                `${SLOT}\nr6 = 7${lock(93)}${push(40, 0)}${lock(94)}`],
  ['an object put into what is no list',      `${made('item')}\nr7 = r6${push(0, 32)}`],
  ['an object taken out of a list',           `${SLOT}${lock(93)}${pop(40)}${lock(94)}${TAKEN}`],
  ['an object taken out of a list and kept',  `${SLOT}${lock(93)}${pop(40)}${lock(94)}`],
  ['an object taken out of a list without its lock', `${SLOT}${pop(40)}`],
  ['the links of an object, given up',        `${SLOT}${lock(93)}${pop(40)}${lock(94)}\nif r8 == 0 goto out\nr1 = r8\ndrop`],
  ['an object taken out of a list and put back', `${SLOT}${lock(93)}${pop(40)}\nif r8 == 0 goto back\nr6 = r8${push(40, 0)}\nback:${lock(94)}`],
  ['a list, loaded and stored',               `${SLOT}\n*(u64 *)(r7 + 40) = 0`],
  ['a helper called between',                 `${SLOT}${lock(93)}${pop(40)}\ncall 5`],
]

/** Where 6.12 differs from the kernel compared with: what it says in the end, by its source. */
// biome-ignore format: table
export const OWN_VERDICTS: readonly (readonly [name: string, asm: string, verdict: string])[] = [
  ['an object that may be NULL put into a map', `${SLOT}\nnew(plain)\nr6 = r0${put(0)}${REST}`, 'verifier internal error: invalid PTR_TO_BTF_ID register for type match'],
  ['nothing put into a map', `${SLOT}\nr6 = 0${put(16)}${REST}`, 'accepted'],
  ['an object in a map, put back', `${found(0)}${put(0)}${REST}`, 'verifier internal error: invalid PTR_TO_BTF_ID register for type match'],
  ['an object in a map, counted once more', `${found(8)}\nr1 = r6\nacquire\nif r0 == 0 goto out\nr1 = r0\ndrop`, 'accepted'],
  ['an object in a map, counted, that may be NULL', `${found(8)}\nr1 = r6\nacquire\nr1 = r0\ndrop`, 'Possibly NULL pointer passed to trusted arg0'],
  ['the object in one register, counted while linked in a map', `${found(16)}\nr1 = r6\nacquire`, "arg#0 doesn't point to a type with bpf_refcount field"],
]
