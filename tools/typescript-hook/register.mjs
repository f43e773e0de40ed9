// `node --import <this> --conditions=source file.ts`: runs TypeScript source on Node 20, whose own loader can't.
import { register } from 'node:module'

register('./hooks.mjs', import.meta.url)
