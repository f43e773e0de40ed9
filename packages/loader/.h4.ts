import { readFileSync, readdirSync } from 'node:fs'
import { assembleLlvm, encodeInsns } from '@bpfoundry/isa'
import { readElf } from '@bpfoundry/elf'
let ok = 0, bad = 0, wrong = 0, files = 0
const kinds = new Map<string, number>()
for (const f of readdirSync('/tmp/h4/s').filter((x) => x.endsWith('.s'))) {
  let elf; try { elf = readElf(new Uint8Array(readFileSync('/tmp/h4/s/' + f.replace(/s$/, 'o')))) } catch { continue }
  files++
  const lines = readFileSync('/tmp/h4/s/' + f, 'utf8').split('\n')
  let name: string | undefined; let body: string[] = []
  for (const line of lines) {
    const type = /^\t\.type\t([\w.]+),@function/.exec(line)
    if (type) { name = type[1]; body = []; continue }
    const size = /^\t\.size\t([\w.]+),/.exec(line)
    if (size && size[1] === name) {
      const text = body.filter((l) => !/^\t\.(cfi|file|loc|p2align|section|ident)/.test(l)).join('\n').replace(new RegExp(`^${name!.replaceAll('.', '\\.')}:`, 'm'), '')
      try {
        const { insns } = assembleLlvm(text, { externals: true, wrapImmediates: true })
        const sym = elf.symbols.find((s) => s.name === name)!
        const sec = elf.sections[sym.sectionIndex]!
        const data = elf.data(sec).subarray(sym.value, sym.value + sym.sizeBytes)
        const ours = encodeInsns(insns)
        let same = ours.length === data.length
        for (let i = 0; same && i < ours.length; i += 8) {
          if (Buffer.compare(Buffer.from(ours.subarray(i, i + 8)), Buffer.from(data.subarray(i, i + 8))) !== 0) {
            // relocated?
            const rel = elf.relocationsOf(sec).find((r) => r.offsetBytes === sym.value + i)
            if (!rel) { same = false; if (wrong < 20) console.log('DIFF', f, name, i / 8, Buffer.from(ours.subarray(i, i + 8)).toString('hex'), Buffer.from(data.subarray(i, i + 8)).toString('hex')) }
          }
        }
        if (same) ok++; else { wrong++; if (ours.length !== data.length && wrong < 20) console.log('LEN', f, name, ours.length, data.length) }
      } catch (e: any) { bad++; const k = String(e.message) + ' | ' + (e.got ?? '') ; kinds.set(k, (kinds.get(k) ?? 0) + 1); if ((kinds.get(k) ?? 0) < 2) console.log(f, name, e.toString(), e.where?.source?.text) }
      name = undefined; continue
    }
    if (name) body.push(line)
  }
}
console.log({ files, ok, bad, wrong }, [...kinds].slice(0, 30))
