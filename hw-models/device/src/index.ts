export type {
  AttachDriver,
  AttachProgram,
  AttachRefusal,
  InstallRequest,
  ProgramBinding,
} from './attach-driver.ts'
export { profileDriver } from './attach-driver.ts'
export type { BpftoolNetDevice, BpftoolNetJson, BpftoolNetRow } from './bpftool-net.ts'
export { bpftoolNetJson, bpftoolNetLines } from './bpftool-net.ts'
export type { BreakdownItem, CostAction, CostComponent, Sharing } from './costs/host-cost.ts'
export type { HostParameters } from './costs/host-parameter.ts'
export type { HostCosts } from './costs/host-rate.ts'
export { hostRate } from './costs/host-rate.ts'
export type { HostRow, HostSetup } from './costs/host-row.ts'
export { hostQuestion } from './costs/host-row.ts'
export type { Processor } from './costs/processors.ts'
export { PROCESSORS } from './costs/processors.ts'
export type { HelperWork, MapShape, ProgramWork } from './costs/program-work.ts'
export { EMPTY_PROGRAM } from './costs/program-work.ts'
export type { ComparedRow, PublishedRow, RowRole, RowSummary, RowUnit } from './costs/published-row.ts'
export { compareRow, summariseRows } from './costs/published-row.ts'
export type {
  MacCounter,
  PortCounter,
  QueueCounter,
  QueueWireCounter,
  RemoteCounter,
  StageCounter,
} from './counters.ts'
export { CounterBlock, PORT, QUEUE, STAGE } from './counters.ts'
export { createNic } from './create-nic.ts'
export type { AttachErrorFields, DeviceErrorCode } from './device-error.ts'
export { AttachError, DeviceError } from './device-error.ts'
export type { DrainedFrame } from './drained-frame.ts'
export type {
  DriverContext,
  DriverPoll,
  DriverPollOptions,
  XdpStage,
  XdpStageFactory,
} from './driver-poll.ts'
export { createDriverPoll, NAPI_BUDGET } from './driver-poll.ts'
export type { EthtoolStat } from './ethtool.ts'
export { ethtoolStats } from './ethtool.ts'
export { type DroppedPackets, type DropReason, dropReason, dropReasons } from './events/drop-reason.ts'
export { createEventRings, EventReader, type EventRings, EventWriter } from './events/event-ring.ts'
export { eventError, SKB_DROP_REASON, XDP_EVENT, type XdpEvent, xdpEvent } from './events/xdp-event.ts'
export type { Fate, Fates } from './fates.ts'
export { accountedPackets, assertAccounted, FATE, FATES, noFates, sumFates } from './fates.ts'
export { bufferCountOf, copyLinear, spread } from './frags.ts'
export { FRAME_DESCRIPTOR, FRAME_DESCRIPTOR_BYTES, FRAME_FLAG, FrameCursor } from './frame-descriptor.ts'
export { FramePool } from './frame-pool.ts'
export type { IpLink, IpLinkJson, IpLinkOptions, IpLinkProgramJson, IpLinkXdpJson } from './ip-link.ts'
export {
  ipAddressLines,
  ipLinkJson,
  ipLinkLines,
  ipLinkModeWord,
  ipLinkObject,
  ipLinkProgramLines,
} from './ip-link.ts'
export type { ModelledRate, RateLimit, RateQuestion } from './modelled-rate.ts'
export { linkPacketsPerSecond, WIRE_OVERHEAD_BYTES } from './modelled-rate.ts'
export type { InterfaceFacts, VethPeer } from './native-rules.ts'
export { nativeWarning } from './native-rules.ts'
export type { GracePeriod } from './nic.ts'
export { attachNic, Nic } from './nic.ts'
export type { NicCpuHandle, NicHandle, NicOptions, NicQueueHandle, Sink } from './nic-handle.ts'
export { LINEAR_TAIL_BYTES, SHARED_INFO_BYTES, XDP_PACKET_HEADROOM_BYTES } from './nic-handle.ts'
export type { EthtoolRow, NativeMtuLimit, NativeXdp, NicProfile } from './nic-profile.ts'
export type { PacketSource } from './packet-source.ts'
export type { LinkOptions } from './poll/link-poll.ts'
export { HIDDEN_PROGRAM_IDS, linkPoll, pollProgramId } from './poll/link-poll.ts'
export type { PollQueue } from './poll-queue.ts'
export { NIC_PROFILES, nicProfile } from './profiles.ts'
export { CPUMAP_BULK_FRAMES } from './redirect/cpu-bulk.ts'
export { CpumapThread, type CpumapThreadOptions } from './redirect/cpumap-thread.ts'
export { REDIRECT_BULK_FRAMES } from './redirect/device-bulk.ts'
export type { MapLookup, PortLookup } from './redirect/redirects.ts'
export { Redirects } from './redirect/redirects.ts'
export { createXskSocket, type XskOptions, type XskStatistics, XskUser } from './redirect/xsk-socket.ts'
export { INDIRECTION_ENTRIES, Rss } from './rss.ts'
export { etherType, ethTypeTrans, isMulticast, isOwn, packSkbType, type SkbType } from './skb-type.ts'
export type { RingHandle } from './spsc-ring.ts'
export { RingConsumer, RingProducer, ringBytes } from './spsc-ring.ts'
export type { ClsBpfOffload, TcDriver } from './tc/tc-driver.ts'
export { refusesOffload } from './tc/tc-driver.ts'
export type { ClassicInsn, TcProgram } from './tc/tc-program.ts'
export { classicProgram, isSameProgram } from './tc/tc-program.ts'
export type { TcProtocol } from './tc/tc-protocol.ts'
export { protocolNumber } from './tc/tc-protocol.ts'
export type { TcFilterJson } from './tc/tc-show.ts'
export { tcFilterJson, tcFilterLines, tcQdiscLines } from './tc/tc-show.ts'
export type {
  TcDevice,
  TcDirection,
  TcFilterChoice,
  TcFilterRequest,
  TcFilterRow,
  TcQdisc,
} from './tc/traffic-control.ts'
export { TrafficControl } from './tc/traffic-control.ts'
export { iprouteErrorLines } from './tool-messages.ts'
export type { QueueTrace, TraceHandle } from './trace/trace-layout.ts'
export type { TracePlayerOptions } from './trace/trace-player.ts'
export { TracePlayer } from './trace/trace-player.ts'
export { WIRE_PROGRAM_ID, wireImage } from './trace/wire-routine.ts'
export type { TracePlay, TraceSize, TraceSource } from './trace/wire-trace.ts'
export { traceBytes, WireTrace } from './trace/wire-trace.ts'
export { TxBulk } from './tx-bulk.ts'
export { TxPort } from './tx-port.ts'
export { FRAME_ACCEPTED, NicWire, NOT_RECEIVED, WOULD_BLOCK } from './wire.ts'
export type { AttachDevice, Attached, AttachOptions, XdpLink } from './xdp-attachments.ts'
export { XDP_FLAGS, XDP_MODE_FLAG, XdpAttachments } from './xdp-attachments.ts'
export type { ProgramLookup, XdpHookOptions } from './xdp-hook.ts'
export { XdpHook } from './xdp-hook.ts'
export type { XdpMode } from './xdp-mode.ts'
export { XDP_MODE, XDP_MODES } from './xdp-mode.ts'
