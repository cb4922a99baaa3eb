/** The promises of the platform that rest on how the Agent SDK behaves. */
export type Contract =
  | 'Identity and fencing'
  | 'Message submit'
  | 'Event log'
  | 'Tool journal'
  | 'Recovery order'
  | 'Approvals'
  | 'States'
  | 'Metering'
  | 'Image defaults'

/** What a failing row says first: which promise is no longer kept, and how it was kept. */
export function dependsOn(contract: Contract, how: string): string {
  return `contract '${contract}' depends on this: ${how}`
}
