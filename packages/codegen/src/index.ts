export type { RandomU32 } from './blinding.ts'
export { blindConstants } from './blinding.ts'
export type { CodeProgram, CodeRange } from './code-program.ts'
export { closedProgram, subprogramsOf } from './code-program.ts'
export type { CodegenErrorCode } from './codegen-error.ts'
export { CodegenError } from './codegen-error.ts'
export type { BasicBlock, ControlFlowGraph } from './control-flow-graph.ts'
export {
  controlFlowGraph,
  controlFlowGraphs,
  endsInBranch,
  isReachable,
  isTailCall,
} from './control-flow-graph.ts'
export type { DominatorTree, Edge, LoopStructure } from './dominators.ts'
export { dominatorTree, loopDepths, loopStructure, mergeBlocks } from './dominators.ts'
export type { JitHarden } from './hardening.ts'
export { isHardened } from './hardening.ts'
export type { AddressForm, Rotation } from './idioms.ts'
export { addressAt, rotateAt } from './idioms.ts'
export { ALL_REGISTERS, liveRegisters, readsOf, writesOf } from './liveness.ts'
export type { Label, Patch } from './machine-buffer.ts'
export { MachineBuffer, requireRange } from './machine-buffer.ts'
export type { MachineCode } from './machine-code.ts'
export { NATIVE_CONTEXT } from './machine-code.ts'
export type { OptimiseOptions } from './optimise.ts'
export { optimise } from './optimise.ts'
export type { PrepareOptions } from './prepare.ts'
export { prepareProgram } from './prepare.ts'
export type { RewrittenProgram } from './rewritten-program.ts'
export { composeRewrites, moveEntries, offsetsBefore } from './rewritten-program.ts'
export type { Weights } from './weights.ts'
export { initialWeights, weightOf } from './weights.ts'
