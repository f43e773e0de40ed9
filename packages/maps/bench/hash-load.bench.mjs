// Loads a hash map of many entries and looks some up: node packages/maps/bench/hash-load.bench.mjs [entries]
// Times are CPU time, so that what else the machine does counts less.
import { GuestMemory } from '@bpfoundry/guest-memory'
import { createMap } from '@bpfoundry/maps'

const entries = Number(process.argv[2] ?? 16_777_216)
const memory = GuestMemory.create()
const attributes = { name: 'blacklist', type: 1, keySizeBytes: 4, valueSizeBytes: 8, maxEntries: entries, flags: 0 }
const cpuMs = () => process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000
const nanoseconds = (start, count) => `${(((cpuMs() - start) * 1e6) / count).toFixed(0)} ns`
const resident = () => `${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB resident`

let start = cpuMs()
const map = createMap(memory, attributes, { id: 1, cpus: 2 })
console.log(
  `create: ${(cpuMs() - start).toFixed(1)} ms, ${(map.memoryBytes / 2 ** 20).toFixed(0)} MiB reserved, ${resident()}`,
)

const chunk = 65_536
const keys = new Uint32Array(chunk)
const values = new Uint32Array(chunk * 2)
start = cpuMs()
for (let first = 0; first < entries; first += chunk) {
  const count = Math.min(chunk, entries - first)
  for (let n = 0; n < count; n++) keys[n] = Math.imul(first + n, 0x9e3779b1)
  const { result } = map.updateMany(
    new Uint8Array(keys.buffer, 0, count * 4),
    new Uint8Array(values.buffer, 0, count * 8),
    count,
  )
  if (result !== 0) throw new Error(`updateMany: ${result}`)
}
console.log(`load:   ${nanoseconds(start, entries)} an entry, ${map.count} entries, ${resident()}`)

const key = memory.allocate('key', 'scratch', 64).address
const rounds = 4_000_000
for (const [name, factor] of [
  ['hit', 0x9e3779b1],
  ['hit or miss', 0x85ebca6b],
]) {
  let found = 0
  start = cpuMs()
  for (let n = 0; n < rounds; n++) {
    memory.u32[key >>> 2] = Math.imul((n * 2_654_435) % entries, factor)
    if (map.lookup(key, 0) !== 0) found++
  }
  console.log(`lookup: ${nanoseconds(start, rounds)} (${name}: ${found} of ${rounds} found)`)
}
start = cpuMs()
for (let n = 0; n < rounds; n++) {
  memory.u32[key >>> 2] = Math.imul((n * 2_654_435) % entries, 0x9e3779b1)
  map.update(key, key, 0, 0)
}
console.log(`update: ${nanoseconds(start, rounds)}`)
