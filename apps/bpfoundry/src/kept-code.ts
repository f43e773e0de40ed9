import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** Bytecode is for one V8 on one kind of machine. */
const SUFFIX = `.${process.version}-${process.platform}-${process.arch}.cache`
const DIGEST_BYTES = 20

/**
 * A script's bytecode in a file beside it. V8 refuses what other versions or flags have made, but runs what is damaged: a
 * digest of script and bytecode stands before it.
 */
export class KeptCode {
  readonly #path: string
  readonly #script: Buffer

  constructor(path: string, script: Buffer) {
    this.#path = `${path}${SUFFIX}`
    this.#script = script
  }

  /** @returns undefined where there is none, or none of this script */
  read(): Buffer | undefined {
    if (!existsSync(this.#path)) return undefined
    const kept = readFileSync(this.#path)
    const code = kept.subarray(DIGEST_BYTES)
    return this.#digest(code).equals(kept.subarray(0, DIGEST_BYTES)) ? code : undefined
  }

  write(code: Buffer): void {
    writeFileSync(this.#path, Buffer.concat([this.#digest(code), code]))
  }

  #digest(code: Buffer): Buffer {
    return createHash('sha1').update(this.#script).update(code).digest()
  }
}
