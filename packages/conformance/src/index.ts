export { askBare } from './bare/bare-answer.ts'
export { BARE_HELPERS, BARE_HELPERS_MODULE, createBareHelpers } from './bare/bare-helpers.ts'
export type { BareMachine, BareResult, BareRun, ContainedExecutor, ImageRun } from './bare/bare-machine.ts'
export { createBareMachine, createContainedMachine } from './bare/bare-machine.ts'
export { bareImage } from './bare/bare-program.ts'
export { askBareOf } from './bare/bare-vector.ts'
export type { ConformanceCase } from './case-source.ts'
export { readCases } from './case-source.ts'
export { askClassic } from './classic/classic-answer.ts'
export type { ClassicCase, ClassicRun } from './classic/classic-case.ts'
export type { ClassicProgram, ClassicRunner } from './classic/classic-runner.ts'
export { createClassicRunner } from './classic/classic-runner.ts'
export { askClassicOf } from './classic/classic-vector.ts'
export { createTranslatedRunner } from './classic/translated-runner.ts'
export type { ConformanceErrorCode, SourceLine } from './conformance-error.ts'
export { ConformanceError } from './conformance-error.ts'
export { assembleData } from './data-file/data-assembler.ts'
export type { DataCase, DataExpectation } from './data-file/data-file.ts'
export { readDataCase } from './data-file/data-file.ts'
export { createRunningKernel } from './kernel-oracle/running-kernel.ts'
export { KernelTree } from './kernel-tree/kernel-tree.ts'
export type { ObjectOutcome, TreeVerdict } from './kernel-tree/objects/compare-verdicts.ts'
export { OBJECT_OUTCOMES } from './kernel-tree/objects/compare-verdicts.ts'
export { type TreeJudges, treeVerdicts } from './kernel-tree/objects/judge-tree.ts'
export {
  emulatedJudge,
  type ObjectJudge,
  type ObjectVerdict,
  runningJudge,
} from './kernel-tree/objects/object-judge.ts'
export { type TreeObject, treeObject, treeObjectFiles } from './kernel-tree/objects/tree-objects.ts'
export { type TreeCause, TreeCounter, type TreeTally } from './kernel-tree/objects/tree-tally.ts'
export { Compiler, type CompilerOptions } from './kernel-tree/progs/compiler/compiler.ts'
export type { Clang, ClangMissing } from './kernel-tree/progs/compiler/find-clang.ts'
export { findClang } from './kernel-tree/progs/compiler/find-clang.ts'
export type {
  NotRunnable,
  NotRunnableReason,
  Suite,
  SuiteCase,
  SuiteFile,
  SuiteReading,
} from './kernel-tree/suite-case.ts'
export { SUITES } from './kernel-tree/suite-case.ts'
export type { SuiteOptions } from './kernel-tree/suites.ts'
export { suiteFiles } from './kernel-tree/suites.ts'
export type { Answer, Reason, RunAnswer } from './report/answer.ts'
export type { BaselineFacts } from './report/baseline/baseline.ts'
export { Baseline } from './report/baseline/baseline.ts'
export type { BaselineComparison } from './report/baseline/compare-baseline.ts'
export { compareBaseline } from './report/baseline/compare-baseline.ts'
export type { AskedCase, CaseTimes } from './report/build-case-result.ts'
export { caseResult } from './report/build-case-result.ts'
export type { CaseResult, Outcome, Phase } from './report/case-result.ts'
export type { ConformanceJson } from './report/conformance-json.ts'
export { conformanceJson } from './report/conformance-json.ts'
export { ConformanceReport } from './report/conformance-report.ts'
export { bareDifferences, differences } from './report/differences.ts'
export { writeHtml } from './report/html/html.ts'
export { judge } from './report/judge.ts'
export { writeJunit } from './report/junit/junit.ts'
export type { FailureReason } from './report/reasons.ts'
export { REASONS } from './report/reasons.ts'
export { writeReportFile } from './report/report-file.ts'
export type {
  Agreement,
  FileRow,
  KeptResult,
  ReasonRow,
  RunFacts,
  SuiteName,
  SuiteRow,
  UnsupportedRow,
} from './report/report-rows.ts'
export type { EngineSummary } from './report/summary.ts'
export { Summary } from './report/summary.ts'
export type { Counts } from './report/tally.ts'
export type { TerminalOptions, TerminalReport, TextTable } from './report/terminal.ts'
export { terminalReport } from './report/terminal.ts'
export type { SlowCase } from './report/timing.ts'
export { askInternal } from './unverified/ask-internal.ts'
export { askTailCalls } from './unverified/ask-tail-calls.ts'
export type { InternalCase, InternalContext, InternalRun } from './unverified/internal-case.ts'
export type { InternalLimits } from './unverified/internal-vector.ts'
export { askInternalOf, askTailCallsOf } from './unverified/internal-vector.ts'
export type { TailCallCase } from './unverified/tail-call-case.ts'
export type { EachRun, Expectation, TextPattern } from './vector/expectation.ts'
export { exportCase } from './vector/export-case.ts'
export { readVector } from './vector/read-vector.ts'
export type {
  FillValue,
  Vector,
  VectorBtf,
  VectorDump,
  VectorFunction,
  VectorLine,
  VectorMap,
  VectorMapBtf,
  VectorModule,
  VectorPrivilege,
  VectorProgram,
  VectorRun,
  VectorTypeId,
} from './vector/vector.ts'
export { createVector } from './vector/vector.ts'
export type { NewVector, VectorRecord } from './vector/write-vector.ts'
export { formatVector, vectorRecord } from './vector/write-vector.ts'
export { createEmulatedKernel } from './verified/emulated-kernel.ts'
export type { Loaded, LoadPart, VectorKernel } from './verified/vector-kernel.ts'
export { askVector } from './verified/vector-kernel.ts'
