// Mutations of valid inputs: what a hostile or damaged file looks like.

/** xorshift32: small, seeded, good enough to choose mutations. */
export function randomSource(seed) {
  let state = (seed | 0) === 0 ? 0x9e3779b9 : seed | 0
  return (bound) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % bound
  }
}

const INTERESTING = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff8]

const MUTATIONS = [
  function flipBit(bytes, random) {
    bytes[random(bytes.length)] ^= 1 << random(8)
    return bytes
  },
  function setByte(bytes, random) {
    bytes[random(bytes.length)] = random(256)
    return bytes
  },
  function setWord(bytes, random) {
    if (bytes.length < 4) return bytes
    const at = random(2) === 0 ? random(bytes.length - 3) : random(Math.floor(bytes.length / 4)) * 4
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    view.setUint32(at, INTERESTING[random(INTERESTING.length)], random(2) === 0)
    return bytes
  },
  function nudgeWord(bytes, random) {
    if (bytes.length < 4) return bytes
    const at = random(bytes.length - 3)
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    view.setUint32(at, view.getUint32(at, true) + random(33) - 16, true)
    return bytes
  },
  function truncate(bytes, random) {
    return bytes.slice(0, random(bytes.length + 1))
  },
  function removeStretch(bytes, random) {
    const from = random(bytes.length)
    const to = Math.min(bytes.length, from + 1 + random(64))
    return Uint8Array.from([...bytes.subarray(0, from), ...bytes.subarray(to)])
  },
  function repeatStretch(bytes, random) {
    const from = random(bytes.length)
    const stretch = bytes.subarray(from, from + 1 + random(64))
    return Uint8Array.from([...bytes.subarray(0, from), ...stretch, ...bytes.subarray(from)])
  },
  function splice(bytes, random, corpus) {
    const other = corpus[random(corpus.length)]
    if (other.length === 0) return bytes
    const from = random(other.length)
    const stretch = other.subarray(from, from + 1 + random(128))
    bytes.set(stretch.subarray(0, Math.max(0, bytes.length - from)), Math.min(from, bytes.length))
    return bytes
  },
]

/** A copy of one of the corpus, changed 1 to 8 times; now and then plain noise. */
export function mutate(corpus, random) {
  if (corpus.length === 0 || random(50) === 0) return Uint8Array.from({ length: random(256) }, () => random(256))
  let bytes = corpus[random(corpus.length)].slice()
  for (let n = 1 + random(8); n > 0; n--) {
    if (bytes.length === 0) break
    bytes = MUTATIONS[random(MUTATIONS.length)](bytes, random, corpus)
  }
  return bytes
}
