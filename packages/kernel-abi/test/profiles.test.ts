import { describe, expect, it } from 'vitest'
import { KERNEL_PROFILES, profileFor } from '../src/index.ts'

describe('the profile of a kernel', () => {
  // biome-ignore format: table
  it.each([
    ['6.1.192',        '6.1'],
    ['6.12.57',        '6.12'],
    ['6.2.0',          '6.6'],
    ['4.9.337',        '4.13'],
    ['6.6.1-rc2+',     '6.6'],
    ['5.15.0-91-generic', '5.15'],
    ['7.1.0',          '6.18'],
  ])('%s is judged by %s', (release, profile) => {
    expect(profileFor(release)).toBe(profile)
    expect(KERNEL_PROFILES.has(profile)).toBe(true)
  })
})
