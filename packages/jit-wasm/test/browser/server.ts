import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join, normalize, resolve } from 'node:path'
import { transformSync } from 'oxc-transform'

const root = resolve(import.meta.dirname, '../../../..')
const PACKAGES = ['codegen', 'diagnostics', 'engine', 'guest-memory', 'interpreter', 'isa', 'jit-wasm', 'kernel-abi']

const IMPORTS = Object.fromEntries(PACKAGES.map((name) => [`@bpfoundry/${name}`, `/packages/${name}/src/index.ts`]))
const PAGE = `<!doctype html><meta charset="utf-8"><title>bpfoundry</title>
<script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>
<script type="module" src="/packages/jit-wasm/test/browser/page.ts"></script>`

/** What lets a page have shared memory. */
const ISOLATION = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }

/** Serves the packages' sources as JavaScript, and a page that loads them, on a port of 127.0.0.1. */
export function serveSources(): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer((request, response) => {
    const answer = answerTo(request.url ?? '/')
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

function answerTo(path: string): { readonly type: string; readonly body: string } | undefined {
  if (path === '/') return { type: 'text/html', body: PAGE }
  const file = normalize(path)
  if (!file.startsWith('/packages/') || !file.endsWith('.ts')) return undefined
  const { code } = transformSync(file, readFileSync(join(root, file), 'utf8'))
  return { type: 'text/javascript', body: code }
}
