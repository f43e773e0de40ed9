import type { Command } from 'commander'
import { implementation } from '../command-bundle.ts'
import type { CommandContext } from '../command-io.ts'
import type { MinCoreBtfOptions } from '../generated/min-core-btf-command.ts'
import type { ObjectCommandOptions } from '../generated/object-command.ts'
import type { SkeletonCommandOptions } from '../generated/skeleton-command.ts'

/** `bpfoundry gen ...`: what is made of objects. */
export function addGenCommand(program: Command, { io, finish }: CommandContext): void {
  const gen = program.command('gen').description('make modules, objects and types of objects')
  gen
    .command('skeleton')
    .argument('<object>', 'BPF object file')
    .description('a TypeScript module with the object in it, and its programs, maps and variables by type')
    .option('--name <name>', "of the module's constant (default: made of the file's name)")
    .option(
      '--type <type>',
      'a C type to have, too, as often as wanted',
      (type: string, before: string[]) => [...before, type],
      [],
    )
    .option('--write <file>', 'FILE.ts instead of stdout')
    .option('--js', 'JavaScript; written to FILE.js, with FILE.d.ts beside it')
    .option('--watch', 'write it anew whenever the object changes, until Ctrl-C')
    .option('--json', 'what is in there, with the text of what is not written, as JSON (schema bpfoundry.skeleton/1)')
    .action(async (object: string, options: SkeletonCommandOptions) => {
      const { skeleton } = await implementation('gen', () => import('../generated/gen-command.ts'))
      finish(await skeleton(object, options, io))
    })
  gen
    .command('object')
    .argument('<output>', 'file for the object')
    .argument('<input...>', 'BPF object files')
    .description('link objects into one, as bpftool gen object')
    .option('--json', 'what was written as JSON (schema bpfoundry.object/1)')
    .action(async (output: string, inputs: string[], options: ObjectCommandOptions) => {
      const { linkedObject } = await implementation('gen', () => import('../generated/gen-command.ts'))
      finish(linkedObject(output, inputs, options, io))
    })
  gen
    .command('min_core_btf')
    .argument('<input>', "a kernel's BTF, as /sys/kernel/btf/vmlinux gives it")
    .argument('<output>', 'file for what is left of it')
    .argument('<object...>', 'BPF object files')
    .description("of a kernel's types those that the objects' CO-RE relocations need, as bpftool gen min_core_btf")
    .option('--json', 'what was written as JSON (schema bpfoundry.min-core-btf/1)')
    .action(async (input: string, output: string, objects: string[], options: MinCoreBtfOptions) => {
      const { minCoreBtf } = await implementation('gen', () => import('../generated/gen-command.ts'))
      finish(minCoreBtf(input, output, objects, options, io))
    })
}
