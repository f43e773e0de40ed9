import { type ChildProcess, fork } from 'node:child_process'
import type { ContainedReply, ContainedRequest, ContainedSetup } from './contained-messages.ts'

/** 'ts' when this package runs from source. */
const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js'

/** URL of a module of this package, in the form in which the package runs. */
export function ownModule(name: string): string {
  return new URL(`./${name}.${EXTENSION}`, import.meta.url).href
}

/** How a request ended. */
export type Ending =
  | ContainedReply
  | { readonly kind: 'died'; readonly signal: NodeJS.Signals | null; readonly late: boolean }

/** A process with an engine of its own; one request at a time. */
export class ContainedChild {
  readonly #process: ChildProcess
  #settle: ((ending: Ending) => void) | undefined
  #late = false
  alive: boolean = true

  constructor() {
    const source = EXTENSION === 'ts'
    this.#process = fork(new URL(ownModule('contained-worker')), {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      // Node 20 can't run TypeScript itself; from source the workspace's hook strips the types.
      ...(source ? { execArgv: sourceArguments() } : { execArgv: [] }),
    })
    this.#process.on('message', (reply: ContainedReply) => this.#settle?.(reply))
    this.#process.once('exit', (_, signal) => this.#end(signal))
    this.#process.once('error', () => this.#end(null))
    this.#holdProcess(false)
  }

  /** Who forgets to close a runner is not kept alive by it, but by a request that is pending. */
  #holdProcess(hold: boolean): void {
    if (hold) this.#process.ref()
    else this.#process.unref()
    const { channel } = this.#process
    if (hold) channel?.ref()
    else channel?.unref()
  }

  /** Sends a message and waits for what comes of it; after the time limit the child is killed. */
  ask(message: ContainedSetup | ContainedRequest, timeLimitMs: number): Promise<Ending> {
    return new Promise((resolve) => {
      this.#holdProcess(true)
      const timer = setTimeout(() => {
        this.#late = true
        this.kill()
      }, timeLimitMs)
      this.#settle = (ending) => {
        clearTimeout(timer)
        this.#holdProcess(false)
        this.#settle = undefined
        resolve(ending)
      }
      // A child that is gone already says so by its exit.
      this.#process.send(message, () => {})
    })
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  #end(signal: NodeJS.Signals | null): void {
    this.alive = false
    this.#settle?.({ kind: 'died', signal, late: this.#late })
  }
}

function sourceArguments(): string[] {
  const hook = new URL('../../../tools/typescript-hook/register.mjs', import.meta.url).href
  return ['--import', hook, '--conditions=source']
}
