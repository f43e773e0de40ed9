// node --import ./tools/typescript-hook/register.mjs --conditions=source packages/native-exec/bench/huge-pages.bench.ts
// Random reads, each waiting for the one before, in 512 MiB of guest memory with and without huge pages.
import { GUEST_PAGE_BYTES } from '@bpfoundry/guest-memory'
import { adviseHugePages } from '../src/huge-pages.ts'
import { alternating, type Body } from './alternating.ts'

const TABLE_BYTES = 512 << 20
const SMALL_PAGE_WORDS = 1024
const TIMES = 100_000

function tableOf(advise: boolean): Uint32Array {
  const pages = TABLE_BYTES / GUEST_PAGE_BYTES + 1
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  const advised = advise ? adviseHugePages(memory, GUEST_PAGE_BYTES, TABLE_BYTES) : 0
  console.log(`${advised >>> 20} of ${TABLE_BYTES >>> 20} MiB advised`)
  const table = new Uint32Array(memory.buffer as unknown as SharedArrayBuffer, GUEST_PAGE_BYTES, TABLE_BYTES / 4)
  for (let at = 0; at < table.length; at += SMALL_PAGE_WORDS) table[at] = at
  return table
}

function randomReads(table: Uint32Array): Body {
  let state = 12345
  return (times) => {
    let seen = 0
    for (let turn = 0; turn < times; turn++) {
      state = (Math.imul(state, 1664525) + 1013904223 + (seen & 1)) | 0
      seen = (seen + (table[state >>> 5] as number)) | 0
    }
    state ^= seen & 1
  }
}

const measured = alternating({ plain: randomReads(tableOf(false)), huge: randomReads(tableOf(true)) }, TIMES)
console.table(measured)
console.log(`ratio ${((measured['plain'] as number) / (measured['huge'] as number)).toFixed(2)}`)
