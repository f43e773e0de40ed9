import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join, normalize, resolve } from 'node:path'
import { transformSync } from 'oxc-transform'

const root = resolve(import.meta.dirname, '../../..')

/** What lets a page have shared memory. */
const ISOLATION = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }

/** What of the repository pages may load. */
const SERVED = /^\/(?:packages|fixtures)\/[^?#]+\.(?:ts|o|json)$/

interface Answer {
  readonly type: string
  readonly body: string | Uint8Array
}

/**
 * Serves the packages' sources as JavaScript, fixtures as they are, and a page at / that runs a module, on a port of
 * 127.0.0.1.
 */
export function serveSources(module: string): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer((request, response) => {
    const answer = answerTo(request.url ?? '/', module)
    response.writeHead(answer === undefined ? 404 : 200, { ...ISOLATION, 'Content-Type': answer?.type ?? 'text/plain' })
    response.end(answer?.body)
  })
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') throw new Error('no port')
      done({ server, url: `http://127.0.0.1:${address.port}/` })
    })
  })
}

function answerTo(path: string, module: string): Answer | undefined {
  if (path === '/') return { type: 'text/html', body: pageOf(module) }
  const file = join(root, normalize(path))
  if (!SERVED.test(normalize(path)) || !existsSync(file)) return undefined
  if (!file.endsWith('.ts')) return { type: 'application/octet-stream', body: readFileSync(file) }
  return { type: 'text/javascript', body: transformSync(file, readFileSync(file, 'utf8')).code }
}

function pageOf(module: string): string {
  return `<!doctype html><meta charset="utf-8"><title>bpfoundry</title><link rel="icon" href="data:,">
<script type="importmap">${JSON.stringify({ imports: packageSources() })}</script>
<script type="module" src="/${module}"></script>`
}

/** Where each package's entry is: `@bpfoundry/NAME` is packages/NAME. */
function packageSources(): Record<string, string> {
  const names = readdirSync(join(root, 'packages'))
  return Object.fromEntries(names.map((name) => [`@bpfoundry/${name}`, `/packages/${name}/src/index.ts`]))
}
