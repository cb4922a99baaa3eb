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
  | 'Watchdogs'

/** Which promise a row is for, and how the row keeps it. */
export function dependsOn(contract: Contract, how: string): string {
  return `contract '${contract}' depends on this: ${how}`
}

/** A row: when it fails, in whatever way, it says first which promise is no longer kept. */
export function upholds<Arguments extends readonly unknown[]>(
  promise: string,
  row: (...args: Arguments) => Promise<void>,
): (...args: Arguments) => Promise<void> {
  return async (...args) => {
    try {
      await row(...args)
    } catch (error) {
      if (error instanceof Error) error.message = `${promise}\n${error.message}`
      throw error
    }
  }
}
