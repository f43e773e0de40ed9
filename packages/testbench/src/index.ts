export { BenchMap } from './bench-map.ts'
export type { AttachOptions, ReceiveOptions } from './bench-nic.ts'
export { BenchNic } from './bench-nic.ts'
export type { ObjectOptions } from './bench-objects.ts'
export { type BenchObjects, BenchProgram, createObjects, noSuchProgram } from './bench-objects.ts'
export { BenchSocket, type SocketOptions } from './bench-socket.ts'
export type {
  BlacklistOptions,
  BlacklistOracleAnswer,
  BlacklistQuestion,
  BlacklistResult,
  BlacklistRun,
} from './blacklist-bench.ts'
export { benchBlacklist, blacklistBenchKeys } from './blacklist-bench.ts'
export { CaptureOutput } from './capture-output.ts'
export { estimateWork } from './costs/estimate-work.ts'
export type { MeasuredWork, WorkRequest } from './costs/measure-work.ts'
export { measureWork } from './costs/measure-work.ts'
export { sampledPaths } from './costs/sampled-paths.ts'
export type { EngineDescription } from './engines.ts'
export { CARD_ENGINE, DEFAULT_ENGINE, describeEngine, ENGINE_NAMES, engineByName } from './engines.ts'
export { OutputFile, readInput, readText } from './file-access.ts'
export { fillMap } from './map-file.ts'
export { modelledRate } from './modelled.ts'
export { type ReviewedOffload, reviewOffload } from './offload-review.ts'
export { type OffloadedProgram, translateOffload } from './offload-translation.ts'
export type { CpuReportRow, RunReport } from './run-report.ts'
export type { BenchNicOptions, SteppedCpus, TestbenchOptions } from './testbench.ts'
export { readSpec, Testbench } from './testbench.ts'
export { TestbenchError } from './testbench-error.ts'
export type { DealtTraffic } from './trace-feeder.ts'
export type { Traffic, TrafficOptions, TrafficRound } from './traffic.ts'
export { capture, frames, pktgen, prepared } from './traffic.ts'
export { XdpTrace, type XdpTraceOptions } from './xdp-trace.ts'
