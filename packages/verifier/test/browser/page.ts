/** What the page runs: every object of the list is fetched and verified; findings by object go to `globalThis.outcome`. */
import { OBJECTS } from './objects.ts'
import { verifyObject } from './verify-object.ts'

const findings = OBJECTS.map(async (name) => {
  const response = await fetch(`/fixtures/programs/${name}`)
  return [name, verifyObject(new Uint8Array(await response.arrayBuffer()))] as const
})
Object.assign(globalThis, { outcome: await Promise.all(findings) })
