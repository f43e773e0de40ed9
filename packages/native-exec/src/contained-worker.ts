/** The child process of a ContainedRunner: runs what it is sent. It may die of it, at any instruction. */
import { isDiagnostic } from '@bpfoundry/diagnostics'
import {
  attachCpu,
  type Engine,
  type EngineEnvironment,
  type EngineOptions,
  ExecutionFault,
  type HelperTable,
  type Translation,
} from '@bpfoundry/engine'
import { GUEST_PAGE_BYTES, GuestMemory, NULL_PAGE_BYTES } from '@bpfoundry/guest-memory'
import type { ContainedReply, ContainedRequest, ContainedSetup, ModuleExport } from './contained-messages.ts'
import { catchFaults } from './fault-handler.ts'
import { addressOf, loadKoffi } from './foreign-functions.ts'
import { changedPages, clearPages, putPages } from './guest-pages.ts'

type MakeEngine = (options: EngineOptions) => Engine
type MakeHelpers = (memory: GuestMemory) => HelperTable

const PROT_NONE = 0
const PR_SET_DUMPABLE = 4

const reply = (message: ContainedReply): void => {
  process.send?.(message)
}

/** Dying is what this process is for: no core file, which would take longer than the run. @see prctl(2) */
function leaveNoCore(): void {
  if (process.platform !== 'linux') return
  const prctl = loadKoffi().load('libc.so.6').func('prctl', 'int', ['int', 'unsigned long'])
  prctl(PR_SET_DUMPABLE, 0)
}

/** Makes NULL fault in machine code, too. Nothing of ours reads the null page either. */
function protectNullPage(memory: GuestMemory): void {
  const library = { linux: 'libc.so.6', darwin: '/usr/lib/libSystem.B.dylib' }[process.platform as string]
  if (library === undefined) return
  const mprotect = loadKoffi().load(library).func('mprotect', 'int', ['intptr_t', 'size_t', 'int'])
  if (mprotect(addressOf(memory.u8.buffer), NULL_PAGE_BYTES, PROT_NONE) !== 0)
    throw new Error('null page not protected')
}

function makeMemory(maximumBytes: number): GuestMemory {
  const maximum = Math.ceil(maximumBytes / GUEST_PAGE_BYTES)
  return GuestMemory.attach(new WebAssembly.Memory({ initial: 2, maximum, shared: true }))
}

function adjust(memory: GuestMemory, { byteLength, pages }: ContainedRequest): void {
  if (byteLength > memory.byteLength) {
    memory.memory.grow((byteLength - memory.byteLength) / GUEST_PAGE_BYTES)
    memory.refresh()
    // Growing makes all of memory accessible.
    protectNullPage(memory)
  }
  clearPages(memory)
  putPages(memory, pages)
}

async function imported<T>({ url, name }: ModuleExport): Promise<T> {
  return ((await import(url)) as Readonly<Record<string, T>>)[name] as T
}

async function start(setup: ContainedSetup): Promise<(request: ContainedRequest) => ContainedReply> {
  leaveNoCore()
  const memory = makeMemory(setup.maximumBytes)
  const engine = (await imported<MakeEngine>(setup.engine))(setup.options)
  const helpers = setup.helpers === undefined ? [] : (await imported<MakeHelpers>(setup.helpers))(memory)
  const environment = { memory, helpers, tailCallTarget: () => undefined }
  protectNullPage(memory)
  catchFaults()
  return (request) => {
    adjust(memory, request)
    return runContained(engine, environment, request)
  }
}

/** One run on memory as the parent has it. */
function runContained(engine: Engine, environment: EngineEnvironment, request: ContainedRequest): ContainedReply {
  const { memory } = environment
  const thread = engine.open(environment)
  const translations: Translation[] = []
  try {
    for (const image of request.images) translations.push(engine.translate(image))
    const [first] = translations.map((translation) => thread.install(translation))
    const cpu = attachCpu(memory, request.cpuBlock)
    let retval = 0
    for (let run = 0; run < request.times; run++) retval = first?.run(cpu, request.ctx) ?? 0
    return { kind: 'done', retval, pages: changedPages(memory, request.pages) }
  } catch (error) {
    if (!(error instanceof ExecutionFault)) throw error
    return { kind: 'fault', fault: error.toJSON(), pages: changedPages(memory, request.pages) }
  } finally {
    thread.close?.()
    for (const translation of translations) engine.release?.(translation)
  }
}

function failed(error: unknown): ContainedReply {
  const message = error instanceof Error ? error.message : String(error)
  return { kind: 'error', message, ...(isDiagnostic(error) ? { code: error.code } : {}) }
}

let run: ((request: ContainedRequest) => ContainedReply) | undefined

async function receive(message: ContainedSetup | ContainedRequest): Promise<ContainedReply> {
  try {
    if ('images' in message) return (run as NonNullable<typeof run>)(message)
    run = await start(message)
    return { kind: 'ready' }
  } catch (error) {
    return failed(error)
  }
}

process.on('message', (message: ContainedSetup | ContainedRequest) => void receive(message).then(reply))
process.on('disconnect', () => process.exit())
