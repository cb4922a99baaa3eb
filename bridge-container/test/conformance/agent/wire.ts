/** Lines of JSON between a test and the process in which the Agent SDK runs for it. */

/** What the Agent SDK is started with; functions are not in it, see {@link Callbacks}. */
export interface Plan {
  readonly options: Readonly<Record<string, unknown>>
  readonly callbacks: Callbacks
}

/** Which of the Agent SDK's callbacks are handed to the test to answer. */
export interface Callbacks {
  readonly hooks: readonly string[]
  /** What the Agent SDK does about a hook that throws. */
  readonly onFailure: 'continue' | 'block'
  readonly canUseTool: boolean
  readonly sessionStore: boolean
}

export type ToAgent =
  | { readonly type: 'plan'; readonly plan: Plan }
  | { readonly type: 'say'; readonly uuid: string; readonly text: string }
  | { readonly type: 'interrupt' }
  | { readonly type: 'close_input' }
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  /** Let the callback throw. */
  | { readonly type: 'fail'; readonly id: number }

export type FromAgent =
  | { readonly type: 'message'; readonly message: SdkMessage }
  | { readonly type: 'call'; readonly id: number; readonly call: Call }
  | { readonly type: 'interrupted'; readonly receipt: unknown }
  /** The stream of the Agent SDK is over. */
  | { readonly type: 'ended'; readonly thrown: string | null }

export interface Call {
  readonly method: 'hook' | 'canUseTool' | 'append' | 'load'
  /** Name of the hook's event or of the tool. */
  readonly name: string
  readonly input: Readonly<Record<string, unknown>>
}

/** A message of the Agent SDK, of whatever kind. */
export interface SdkMessage {
  readonly type: string
  readonly subtype?: string
  readonly [field: string]: unknown
}
