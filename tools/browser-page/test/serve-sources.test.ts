import { expect, it } from 'vitest'
import { serveSources } from '../src/serve-sources.ts'

it('serves a page, sources as JavaScript, objects as they are, and nothing else', async () => {
  const { server, url } = await serveSources('packages/isa/src/index.ts')
  try {
    const status = async (path: string): Promise<number> => (await fetch(new URL(path, url))).status
    const page = await (await fetch(url)).text()
    expect(page).toContain('"@bpfoundry/isa":"/packages/isa/src/index.ts"')
    expect(page).toContain('src="/packages/isa/src/index.ts"')
    const source = await fetch(new URL('packages/isa/src/index.ts', url))
    expect([source.headers.get('content-type'), (await source.text()).includes('export type')]).toEqual([
      'text/javascript',
      false,
    ])
    expect(await status('fixtures/programs/drop/drop.v3.o')).toBe(200)
    for (const path of ['package.json', 'packages/%2e%2e/package.json', 'packages/isa/src', 'packages/none.ts'])
      expect([path, await status(path)]).toEqual([path, 404])
  } finally {
    server.close()
  }
})
