import type { CompiledProgram, Cpu, Engine, ProgramImage, Translation } from '@bpfoundry/engine'
import type { GuestMemory } from '@bpfoundry/guest-memory'
import { PROG_ARRAY_LAYOUT } from '@bpfoundry/maps'
import { BARE_HELPERS } from './bare-helpers.ts'

/** Runs images on guest memory as it is. */
export interface ImageExecutor {
  /** @returns wall time of the runs in ms */
  run(images: readonly ProgramImage[], cpu: Cpu, ctx: number, times: number): number | Promise<number>
  close(): void
}

/** Runs images in this process: translates, runs, forgets. */
export function createPlacedExecutor(engine: Engine, memory: GuestMemory): ImageExecutor {
  const programs = new Map<number, CompiledProgram>()
  const thread = engine.open({
    memory,
    helpers: BARE_HELPERS,
    tailCallTarget: (map, index) => programs.get(programIn(memory, map, index)),
  })
  return {
    run(images, cpu, ctx, times) {
      const translations: Translation[] = []
      try {
        for (const image of images) {
          const translation = engine.translate(image)
          translations.push(translation)
          programs.set(image.id, thread.install(translation))
        }
        return timeRuns(programs.get((images[0] as ProgramImage).id) as CompiledProgram, cpu, ctx, times)
      } finally {
        for (const { image } of translations) thread.remove(image.id)
        for (const translation of translations) engine.release?.(translation)
        programs.clear()
      }
    },
    close: () => thread.close?.(),
  }
}

function timeRuns(program: CompiledProgram, cpu: Cpu, ctx: number, times: number): number {
  const started = performance.now()
  for (let run = 0; run < times; run++) program.run(cpu, ctx)
  return performance.now() - started
}

/** The program that an array in guest memory holds; 0, which is none, where it holds none. */
function programIn({ u32 }: GuestMemory, map: number, index: number): number {
  const { maxEntriesOffsetBytes, slotsOffsetBytes } = PROG_ARRAY_LAYOUT
  if (index >= (u32[(map + maxEntriesOffsetBytes) >>> 2] ?? 0)) return 0
  return u32[(map + slotsOffsetBytes + 4 * index) >>> 2] ?? 0
}
