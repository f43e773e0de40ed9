/** Deepest chain of calls. @see MAX_CALL_FRAMES in include/linux/bpf_verifier.h */
export const MAX_CALL_FRAMES = 8
