import type { DebuggerPacket } from './packet-cursor.ts'

/** What a file holds, or why it can't be had: in bpf_dbg's words, and in ours. */
export type FileAnswer<Content> =
  | { readonly content: Content; readonly note?: string }
  | { readonly refusal: string; readonly note: string }

/** Where files come from. */
export interface DebuggerFiles {
  capture(path: string): FileAnswer<readonly DebuggerPacket[]>
  text(path: string): FileAnswer<string>
}
