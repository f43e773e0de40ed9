/** Bytes that btoa takes at a time: whole groups of three. */
const CHUNK_BYTES = 3 * 4096

/** Base64 of RFC 4648, section 4. */
export function toBase64(bytes: Uint8Array): string {
  const parts: string[] = []
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    parts.push(btoa(String.fromCharCode(...bytes.subarray(at, at + CHUNK_BYTES))))
  }
  return parts.join('')
}

/** The bytes of {@link toBase64}'s text. */
export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
