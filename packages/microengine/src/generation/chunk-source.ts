/** The text of one function: a stretch of the control store, a case a block, in a loop that goes from block to block. */
import type { BrCondition, Instruction } from '@bpfoundry/microcode'
import type { ControlStore } from '../control-store.ts'
import { takenBubbles } from '../execution/branch-timing.ts'
import { type CommandForm, commandForm } from '../execution/commands.ts'
import { canExecute, LM_INDEX_OF_CSR, shadowOf } from '../execution/executable.ts'
import { BRANCH_SPACE, readsCsr } from '../execution/word-executor.ts'
import { STOP, type Stop } from '../machine.ts'
import type { CoreTiming } from '../timing.ts'
import { CodeWriter } from './code-writer.ts'
import { emitAlu, emitImmed, emitLdField, emitMul, emitShf } from './emit-data.ts'

/** What the text is made from. */
export interface ChunkPlan {
  readonly store: ControlStore
  readonly timing: CoreTiming
  /** What is looked at behind each word. */
  readonly behind: Uint8Array
  /** Number of the block that begins at an address within this chunk. */
  readonly blocks: ReadonlyMap<number, number>
  readonly writtenIndexes: ReadonlySet<number>
  /** The first address behind the chunk. */
  readonly end: number
}

/** Text of a function, and the command forms that it names `D[n]`. */
export interface ChunkSource {
  readonly text: string
  readonly forms: readonly CommandForm[]
}

// biome-ignore format: one condition a line
const CONDITION_TEXTS: Readonly<Partial<Record<BrCondition, (state: number) => string>>> = {
  'beq': () => 'r===0', 'bne': () => 'r!==0', 'bmi': () => 'r<0', 'bpl': () => 'r>=0',
  'bcs': () => 'cf!==0', 'bcc': () => 'cf===0', 'bvs': () => 'vf!==0', 'bvc': () => 'vf===0',
  'bge': () => 'r<0===(vf!==0)', 'blt': () => 'r<0!==(vf!==0)',
  'ble': () => '(r===0||r<0!==(vf!==0))', 'bgt': () => '(r!==0&&r<0===(vf!==0))',
  'br=ctx': (state) => `M.context===${state}`, 'br!=ctx': (state) => `M.context!==${state}`,
}

const PROLOGUE = `const A=M.a,B=M.b,G=M.gpr,X=M.xferIn,Y=M.xferOut,N=M.neighbour,L=M.local,I=M.lmAddr,E=M.lmAddrNext,F=M.lmAddrFrom,T=M.base;
let c=M.cycle,r=M.result,cf=M.carry,vf=M.overflow,pa=M.previousA,pr=M.previousResult,ma=M.mulA,mb=M.mulB,q=M.csr,x=0,y=0,t=0,z=0,b=false,k=0,e=0;
out:for(;;)switch(p){
`
const EPILOGUE = `default:return ${STOP.fault};
}
M.pc=k;M.cycle=c;M.result=r;M.carry=cf;M.overflow=vf;M.previousA=pa;M.previousResult=pr;M.mulA=ma;M.mulB=mb;M.csr=q;
return e;
`

/** Writes one chunk. */
export class ChunkWriter {
  readonly #plan: ChunkPlan
  readonly #code: CodeWriter
  readonly #forms: CommandForm[] = []

  constructor(plan: ChunkPlan) {
    this.#plan = plan
    this.#code = new CodeWriter(plan.writtenIndexes)
  }

  /** The function's text: its parameters are `M` and the block `p` at which to begin. */
  write(): ChunkSource {
    const leaders = [...this.#plan.blocks.keys()]
    leaders.forEach((leader, index) => {
      this.#code.line(`case ${this.#plan.blocks.get(leader)}:`)
      this.#block(leader, leaders[index + 1] ?? this.#plan.end)
    })
    return { text: PROLOGUE + this.#code.lines.join('\n') + EPILOGUE, forms: this.#forms }
  }

  /** Words from a leader to the next one, or to a word behind which nothing follows. */
  #block(leader: number, next: number): void {
    const { store } = this.#plan
    let pc = leader
    while (pc < next) {
      const instruction = store.instructions[pc]
      if (store.words[pc] === undefined) {
        this.#leave(pc, STOP.outside)
        return
      }
      if (instruction === undefined || !canExecute(store, pc)) {
        this.#leave(pc, STOP.fault)
        return
      }
      if (!this.#word(pc, instruction)) return
      pc += 1 + shadowOf(instruction)
    }
    this.#code.flush()
    // Only a block inside a shadow lies before `pc`; else the next case follows in the text.
    if (pc !== next || pc === this.#plan.end) this.#go(pc, undefined)
  }

  /** One word with its shadow. Whether execution may come to the word behind it. */
  #word(pc: number, instruction: Instruction): boolean {
    const { cls } = instruction
    if (cls === 'br') return this.#branch(pc, CONDITION_TEXTS[instruction.condition]?.(instruction.state), instruction)
    if (cls === 'brBit') {
      const bit = `(${this.#code.source(instruction.src, 'x')}&${1 << instruction.bit})`
      return this.#branch(pc, `${bit}${instruction.set ? '!==' : '==='}0`, instruction)
    }
    if (cls === 'brByte') {
      const byte = `(${this.#code.source(instruction.src, 'x')}>>>${8 * instruction.byte}&255)`
      return this.#branch(pc, `${byte}${instruction.equal ? '===' : '!=='}${instruction.value}`, instruction)
    }
    if (cls === 'brAlu') return this.#branchToRegister(pc, instruction)
    if (cls === 'ctxArb') return this.#arbitrate(pc, instruction)
    if (cls === 'cmd') return this.#command(pc, instruction)
    this.#data(pc, instruction)
    return true
  }

  /** A word that calculates: one cycle. */
  #data(pc: number, instruction: Instruction): void {
    const { behind, store } = this.#plan
    const live = behind[pc] ?? 0
    const code = this.#code
    if (instruction.cls === 'alu') emitAlu(code, instruction, live)
    else if (instruction.cls === 'shf') emitShf(code, instruction, live)
    else if (instruction.cls === 'ldField') emitLdField(code, instruction, live)
    else if (instruction.cls === 'mul') emitMul(code, instruction, live)
    else if (instruction.cls === 'immed') emitImmed(code, instruction, live, readsCsr(store.instructions[pc - 1]))
    else if (instruction.cls === 'localCsr') this.#controlRegister(instruction)
    code.pending += 1
  }

  #controlRegister(instruction: Extract<Instruction, { readonly cls: 'localCsr' }>): void {
    const code = this.#code
    if (!instruction.write) {
      code.line(`M.cycle=${code.now()};q=readCsr(${instruction.csrBytes},M);`)
      return
    }
    const index = LM_INDEX_OF_CSR.get(instruction.csrBytes) ?? 0
    const value = code.source(instruction.src, 'x')
    const delay = code.pending + 1 + this.#plan.timing.localMemoryAddressCycles
    code.line(`z=${value};M.settle(${index});E[${index}]=z;F[${index}]=T+c+${delay};`)
  }

  /** The words in the shadow of a branch or swap. */
  #shadow(pc: number, words: number): void {
    for (let at = pc + 1; at <= pc + words; at++) {
      const instruction = this.#plan.store.instructions[at]
      if (instruction !== undefined) this.#word(at, instruction)
    }
  }

  #branch(
    pc: number,
    condition: string | undefined,
    { target, defer }: { readonly target: number; readonly defer: number },
  ): boolean {
    const code = this.#code
    const { store, timing } = this.#plan
    const bubbles = takenBubbles(store, pc, timing, defer)
    if (condition === undefined) {
      code.pending += timing.branchNotTakenCycles
      this.#shadow(pc, defer)
      code.pending += bubbles
      code.flush()
      this.#go(target, pc)
      return false
    }
    if (defer > 0) code.line(`b=${condition};`)
    code.pending += timing.branchNotTakenCycles
    this.#shadow(pc, defer)
    code.line(`if(${defer > 0 ? 'b' : condition}){c+=${code.pending + bubbles};`)
    this.#go(target, pc)
    code.line('}')
    return true
  }

  #branchToRegister(pc: number, instruction: Extract<Instruction, { readonly cls: 'brAlu' }>): boolean {
    const code = this.#code
    const { store, timing } = this.#plan
    const source = code.source(instruction.src, 'x')
    code.line(`k=(${source}+${instruction.offset}>>>0)%${BRANCH_SPACE};`)
    code.pending += timing.branchNotTakenCycles
    this.#shadow(pc, instruction.defer)
    code.pending += takenBubbles(store, pc, timing, instruction.defer)
    code.flush()
    code.line(`e=k<=${pc}&&c>M.limit?${STOP.limit}:${STOP.chunk};break out;`)
    return false
  }

  #arbitrate(pc: number, instruction: Extract<Instruction, { readonly cls: 'ctxArb' }>): boolean {
    const code = this.#code
    code.line(`M.waitsFor=${instruction.kill ? -1 : instruction.events};M.waitsForAny=${instruction.any};`)
    code.pending += Math.max(this.#plan.timing.contextArbitrationCycles - instruction.defer, 1)
    this.#shadow(pc, instruction.defer)
    this.#leave(pc + 1 + instruction.defer, STOP.arbitration)
    return false
  }

  #command(pc: number, instruction: Extract<Instruction, { readonly cls: 'cmd' }>): boolean {
    const form = commandForm(instruction)
    if (form === undefined) return false
    const code = this.#code
    const a = code.source(instruction.a, 'x')
    const b = code.source(instruction.b, 'y')
    const previous = form.indirect ? 'M.previousResult=pr;' : ''
    code.line(`M.cycle=${code.now()};${previous}M.sink.issueCommand(M,D[${this.#forms.length}],${a},${b});c=M.cycle;`)
    code.pending = 0
    this.#forms.push(form)
    if (!form.swaps) return true
    this.#shadow(pc, form.defer)
    this.#leave(pc + 1 + form.defer, STOP.command)
    return false
  }

  /** Goes to an address; `c` is up to date. From a branch at `from`, backwards only before the limit. */
  #go(target: number, from: number | undefined): void {
    const { blocks, store } = this.#plan
    const block = blocks.get(target)
    const backward = from !== undefined && target <= from
    const limit = backward ? `if(c>M.limit){k=${target};e=${STOP.limit};break out;}` : ''
    if (block !== undefined) this.#code.line(`${limit}p=${block};continue out;`)
    else this.#code.line(`${limit}${leaveText(target, store.words[target] === undefined ? STOP.outside : STOP.chunk)}`)
  }

  #leave(pc: number, stop: Stop): void {
    this.#code.flush()
    this.#code.line(leaveText(pc, stop))
  }
}

const leaveText = (pc: number, stop: Stop): string => `k=${pc};e=${stop};break out;`
