// `node --import <this>`: appends the URL of every module that is loaded to the file that RECORDED_MODULES names.
import { register } from 'node:module'

const hooks = `
import { appendFileSync } from 'node:fs'
export function load(url, context, nextLoad) {
  if (url.startsWith('file:')) appendFileSync(process.env.RECORDED_MODULES, url + '\\n')
  return nextLoad(url, context)
}`
register(`data:text/javascript,${encodeURIComponent(hooks)}`)
