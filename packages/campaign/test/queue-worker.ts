// A worker process of the queue's tests: `queue-worker.ts URL MODULE`.
import { serveQueue } from '../src/queue/serve-queue.ts'

const [url = '', module = ''] = process.argv.slice(2)
const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())
await serveQueue({
  url,
  modules: [module],
  jobs: 1,
  signal: stop.signal,
  takeOverMs: 1000,
  say: (text) => process.stdout.write(`${text}\n`),
})
process.exit()
