import { dumpXlated, Kernel } from '@bpfoundry/kernel'
import { createObjects, readSpec } from '@bpfoundry/testbench'
import { Argument, type Command } from 'commander'
import { formatJson } from '../output.ts'

interface DumpOptions {
  readonly program?: string
  readonly opcodes?: boolean
  readonly linum?: boolean
  readonly json?: boolean
}

/** `bpfoundry prog ...`: what becomes of a program. */
export function addProgCommand(program: Command): void {
  const prog = program.command('prog').description('look into programs')
  prog
    .command('dump')
    .addArgument(new Argument('<form>', 'xlated: after verification and fix-ups').choices(['xlated']))
    .argument('<object>', 'BPF object file')
    .description('load an object and print a program as it runs, as bpftool does')
    .option('--program <name>', 'function; needed when the object holds several')
    .option('--opcodes', 'the bytes of each instruction below it')
    .option('--linum', 'file and line of each source line')
    .option('--json', 'the program image as JSON (schema bpfoundry.xlated/1)')
    .action((_form: string, object: string, options: DumpOptions) => {
      process.stdout.write(dump(object, options))
    })
}

function dump(object: string, options: DumpOptions): string {
  const objects = createObjects(Kernel.create(), readSpec(object), object, {
    ...(options.program === undefined ? {} : { programs: [options.program] }),
  })
  const { image } = objects.program(options.program).kernelProgram
  if (options.json) return `${formatJson({ $schema: 'bpfoundry.xlated/1', ...image })}\n`
  return dumpXlated(image, { opcodes: options.opcodes === true, lineNumbers: options.linum === true })
}
