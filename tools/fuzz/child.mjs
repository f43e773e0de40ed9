// node child.mjs TARGET SECONDS SEED | node child.mjs TARGET --replay FILE: one fuzz target in this process.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { mutate, randomSource } from './mutate.mjs'

const [path, secondsOrReplay, seedOrFile] = process.argv.slice(2)
const target = await import(pathToFileURL(path).href)

/** An error of the project's own kind is an answer; anything else is a finding. */
function isAnswer(error) {
  return error instanceof Error && typeof error.code === 'string' && typeof error.format === 'function'
}

function attempt(input) {
  try {
    target.fuzzOnce(input)
  } catch (error) {
    if (!isAnswer(error)) return error
  }
  return undefined
}

if (secondsOrReplay === '--replay') {
  const error = attempt(new Uint8Array(readFileSync(seedOrFile)))
  if (error !== undefined) throw error
  console.log('ends well')
} else {
  const random = randomSource(Number(seedOrFile))
  const corpus = target.seeds().map((seed) => new Uint8Array(seed))
  const end = performance.now() + Number(secondsOrReplay) * 1000
  let runs = 0
  for (const input of corpus) check(input)
  while (performance.now() < end) check(mutate(corpus, random))

  function check(input) {
    runs++
    const started = performance.now()
    const error = attempt(input)
    const tookMs = performance.now() - started
    if (error === undefined && tookMs < 5_000) return
    const folder = join(import.meta.dirname, 'findings')
    mkdirSync(folder, { recursive: true })
    const file = join(folder, `${target.name}-${createHash('sha256').update(input).digest('hex').slice(0, 12)}.bin`)
    writeFileSync(file, input)
    console.log(`input of ${input.length} bytes, run ${runs}: ${error?.stack ?? `took ${Math.round(tookMs)} ms`}`)
    console.log(`kept as ${file}`)
    process.exit(1)
  }
  console.log(`${runs} inputs, no finding`)
}
