import type { Blocker, OffloadAdvice, OffloadNote } from '@bpfoundry/nfp'

/** `; return hash % 3 @ modulo.bpf.c:14`, as the verifier's log has source lines. */
function sourceLine({ source }: Pick<Blocker, 'source'>): string[] {
  if (source === undefined) return []
  const fileName = source.file.slice(source.file.lastIndexOf('/') + 1)
  return [`     ; ${source.text} @ ${fileName}:${source.line}`]
}

/** The rewrite, once: a reason that it was given for already is referred to. */
function adviceLine(blockers: readonly Blocker[], index: number): string {
  const { advice } = blockers[index] as Blocker
  const first = blockers.findIndex((each) => each.advice === advice)
  return `     -> ${first < index ? `as in ${first + 1}.` : advice}`
}

function blockerLines(blocker: Blocker, index: number, blockers: readonly Blocker[]): string[] {
  const said = blocker.message === '' ? '(the kernel says nothing)' : blocker.message.replaceAll('\n', '\n     ')
  return [
    `  ${index + 1}. ${said} (${blocker.errno})`,
    ...(blocker.map === undefined ? [] : [`     map ${blocker.map}`]),
    ...sourceLine(blocker),
    ...(blocker.insn === undefined ? [] : [`     ${blocker.pc}: ${blocker.insn}`]),
    adviceLine(blockers, index),
  ]
}

function noteLines(note: OffloadNote): string[] {
  return [`  note: ${note.message}`, ...sourceLine(note)]
}

function title(advice: OffloadAdvice): string {
  const where = `${advice.card} (${advice.firmware})`
  const { length } = advice.blockers
  if (advice.verdict === 'blocked') return `does not go to ${where}: ${length} ${length === 1 ? 'reason' : 'reasons'}`
  const words = advice.programWords === undefined ? '' : `${advice.programWords} of ${advice.maxProgramWords} words, `
  return `goes to ${where}: ${words}${advice.stackBytes} bytes of stack`
}

/** Everything that keeps a program from a card, for people. */
export function adviceText(program: string, advice: OffloadAdvice): string {
  const lines = [
    `${program} ${title(advice)}`,
    ...advice.blockers.flatMap(blockerLines),
    ...advice.notes.flatMap(noteLines),
  ]
  return `${lines.join('\n')}\n`
}
