/** Random numbers of 32 bits that a seed repeats (xorshift32). */
export function randomU32(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}
