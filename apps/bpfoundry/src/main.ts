#!/usr/bin/env node
import { processIo } from './command-io.ts'
import { main } from './command-line.ts'
import { EXIT } from './exit-code.ts'

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok)
  throw error
})
process.exitCode = await main(process.argv.slice(2), processIo())
