import fc from 'fast-check'
import { expect, it } from 'vitest'
import { preprocess } from '../../src/index.ts'
import { clangPreprocessed, NO_CLANG } from '../outside.ts'
import { optionsFor } from '../read-text.ts'

const NAMES = ['A', 'B', 'C', 'D']
const PARAMETERS = ['x', 'y']
const word = fc.constantFrom(
  ...NAMES,
  ...NAMES,
  ...PARAMETERS,
  '1',
  '2',
  'a',
  '+',
  ',',
  '(',
  ')',
  '()',
  '(A)',
  '(1,B)',
  '"s"',
)
const tokens = fc.array(word, { maxLength: 6 }).map((words) => balanced(words.join(' ')))

/** Parentheses that nothing closes are dropped: a call without its end is an error. */
function balanced(text: string): string {
  let depth = 0
  const kept = [...text].filter((character) => {
    if (character === '(') depth++
    if (character === ')' && --depth < 0) {
      depth = 0
      return false
    }
    return true
  })
  return `${kept.join('')}${')'.repeat(depth)}`
}

const objectLike = fc.tuple(fc.constantFrom(...NAMES), tokens).map(([name, body]) => `#define ${name} ${body}`)
const functionLike = fc
  .tuple(
    fc.constantFrom(...NAMES),
    tokens,
    fc.constantFrom(
      '',
      '#x',
      'x ## y',
      'y ## 1',
      'a ## x',
      '#y #__VA_ARGS__',
      '__VA_OPT__(x y)',
      ', ## __VA_ARGS__',
      'x ## x',
    ),
  )
  .map(([name, body, special]) => `#define ${name}(x, y, ...) ${body} ${special}`)
const unaryLike = fc
  .tuple(fc.constantFrom(...NAMES), tokens)
  .map(([name, body]) => `#define ${name}(x) ${body.replaceAll('y', 'x')}`)

const program = fc
  .tuple(fc.array(fc.oneof(objectLike, functionLike, unaryLike), { minLength: 1, maxLength: 4 }), tokens)
  .map(([definitions, use]) =>
    [...NAMES.map((name) => `#undef ${name}`), ...definitions.map(undefining), use].join('\n'),
  )

/** A macro may be defined again, otherwise, when it is undefined first. */
const undefining = (definition: string): string => `#undef ${/#define (\w)/.exec(definition)?.[1]}\n${definition}`

const PROGRAMS = process.env['THOROUGH'] === '1' ? 30_000 : 1500

it(`${PROGRAMS} random sets of macros are replaced as clang -E does`, ({ skip }) => {
  if (NO_CLANG !== undefined) return skip(NO_CLANG)
  const seed = Number(process.env['SEED'] ?? 1)
  const sample = fc.sample(program, { numRuns: PROGRAMS, seed }).filter(isSound)
  const text = sample.map((one, index) => `start_${index}\n${one}\n`).join('')
  const theirs = pieces(clangPreprocessed(text))
  const ours = pieces(text)
  const wrong = sample.flatMap((one, index) =>
    ours[index] === theirs[index] ? [] : [{ program: one, ours: ours[index], clang: theirs[index] }],
  )
  expect(wrong, `seed ${seed}`).toEqual([])
  expect(ours.length).toBe(sample.length)
  expect(sample.length).toBeGreaterThan(PROGRAMS / 3)
})

/** What each program leaves, as spellings; of a text with directives or without. */
function pieces(text: string): string[] {
  const all = preprocess('a.c', optionsFor(text)).tokens.map(({ spelling }) => spelling)
  return all
    .join(' ')
    .split(/ ?start_\d+ ?/)
    .slice(1)
}

/** An error of one ends clang's reading of all: wrong numbers of arguments, ## that makes no token. */
function isSound(one: string): boolean {
  return preprocess('a.c', optionsFor(one)).problems.length === 0
}
