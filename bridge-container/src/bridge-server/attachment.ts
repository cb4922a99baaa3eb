import type { Attach } from '../generated/bridge-command.ts'
import { PROTOCOL_VERSION } from './protocol.ts'

/** Who holds the bridge: the session it serves, its epoch, and the worker's attachment. */
export interface Holder {
  readonly sessionId: string
  readonly epoch: number
  readonly attachment: number
}

export type AttachDecision =
  | { readonly outcome: 'obey'; readonly holder: Holder }
  | { readonly outcome: 'refuse'; readonly reason: string }

/** The bridge obeys only the highest attachment of the highest epoch it has seen. */
export function decideAttach(
  command: Attach,
  sandboxId: string,
  holder: Holder | undefined,
): AttachDecision {
  const refuse = (reason: string): AttachDecision => ({ outcome: 'refuse', reason })
  if (command.protocol !== PROTOCOL_VERSION) return refuse('protocol version')
  if (command.sandbox_id !== sandboxId) return refuse('sandbox')
  if (holder !== undefined) {
    if (command.session_id !== holder.sessionId) return refuse('session')
    if (command.epoch < holder.epoch) return refuse('epoch')
    if (command.epoch === holder.epoch && command.attachment < holder.attachment) {
      return refuse('attachment')
    }
  }
  const { session_id: sessionId, epoch, attachment } = command
  return { outcome: 'obey', holder: { sessionId, epoch, attachment } }
}
