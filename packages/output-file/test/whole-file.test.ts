import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeFolder, WholeFile } from '../src/index.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bpfoundry-whole-file-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('a file', () => {
  it('has its name when it is complete', () => {
    const path = join(folder, 'a/b/c.txt')
    const file = new WholeFile(path)
    file.write(bytes('one '))
    file.write(bytes('two'))
    expect(existsSync(path)).toBe(false)
    file.commit()
    expect(readFileSync(path, 'utf8')).toBe('one two')
    expect(readdirSync(join(folder, 'a/b'))).toEqual(['c.txt'])
  })

  it('takes the place of an older one only then', () => {
    const path = join(folder, 'c.txt')
    writeFileSync(path, 'old')
    const file = new WholeFile(path)
    file.write(bytes('new'))
    expect(readFileSync(path, 'utf8')).toBe('old')
    file.discard()
    expect(readFileSync(path, 'utf8')).toBe('old')
    expect(readdirSync(folder)).toEqual(['c.txt'])
  })

  it('that can not have its name leaves nothing behind', () => {
    const path = join(folder, 'taken')
    makeFolder(join(path, 'full'))
    const file = new WholeFile(path)
    expect(() => file.commit()).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/EISDIR|ENOTEMPTY|EPERM/) }),
    )
    expect(readdirSync(folder)).toEqual(['taken'])
  })
})

describe('a folder', () => {
  it('may be there already', () => {
    makeFolder(join(folder, 'x/y'))
    makeFolder(join(folder, 'x/y'))
    expect(existsSync(join(folder, 'x/y'))).toBe(true)
  })

  it('below a file can not be made', () => {
    writeFileSync(join(folder, 'file'), '')
    expect(() => makeFolder(join(folder, 'file/sub'))).toThrow(expect.objectContaining({ code: 'ENOTDIR' }))
  })

  // Linux refuses new folders there with ENOENT, at which a recursive mkdir of Node never ends.
  it.runIf(process.platform === 'linux')('in /proc can not be made, and that is said', () => {
    expect(() => makeFolder('/proc/none/x')).toThrow(expect.objectContaining({ code: 'ENOENT' }))
  })
})
