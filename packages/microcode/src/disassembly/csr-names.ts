/** Names of control and status registers by number (byte address / 4), as binutils prints them. */

const RANGES: readonly (readonly [first: number, names: string])[] = [
  [0, 'UstorAddr UstorDataLwr UstorDataUpr UstorErrStat ALUOut CtxArbCtrl CtxEnables CondCodeEn CSRCtxPtr'],
  [9, 'PcBreakpoint0 PcBreakpoint1 PcBreakpointStatus RegErrStatus LMErrStatus LMeccErrorMask'],
  [16, 'IndCtxStatus ActCtxStatus IndCtxSglEvt ActCtxSglEvt IndCtxWkpEvt ActCtxWkpEvt IndCtxFtrCnt ActCtxFtrCnt'],
  [24, 'IndLMAddr0 ActLMAddr0 IndLMAddr1 ActLMAddr1 ByteIndex XferIndex IndFtrCntSgl ActFtrCntSgl NNPut NNGet'],
  [36, 'IndLMAddr2 ActLMAddr2 IndLMAddr3 ActLMAddr3 IndLMAddr2BytIdx ActLMAddr2BytIdx'],
  [42, 'IndLMAddr3BytIdx ActLMAddr3BytIdx IndPredCC'],
  [48, 'TimestampLow TimestampHgh'],
  [56, 'IndLMAddr0BytIdx ActLMAddr0BytIdx IndLMAddr1BytIdx ActLMAddr1BytIdx'],
  [61, 'XfrAndBytIdx'],
  [64, 'NxtNghbrSgl PrvNghbrSgl SameMESignal'],
  [80, 'CRCRemainder ProfileCnt PseudoRndNum'],
  [88, 'MiscControl PcBreakpoint0Mask PcBreakpoint1Mask'],
  [92, 'Mailbox0 Mailbox1 Mailbox2 Mailbox3'],
  [100, 'CmdIndirectRef0'],
]

/** Name by number. */
export const CSR_NAMES: ReadonlyMap<number, string> = new Map(
  RANGES.flatMap(([first, names]) => names.split(' ').map((name, index) => [first + index, name] as const)),
)
