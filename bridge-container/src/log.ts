/** What a log line may hold: names, numbers, reasons; never content, never a secret. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface Log {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

const ORDER: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

export interface JsonLogOptions {
  readonly process: string
  readonly level: LogLevel
  readonly write: (line: string) => void
  /** The time of a line, as ISO 8601. */
  readonly timestamp: () => string
}

/** One JSON object a line. */
export function jsonLog(options: JsonLogOptions): Log {
  const at =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}) => {
      if (ORDER[level] < ORDER[options.level]) return
      const line = { at: options.timestamp(), level, process: options.process, event, ...fields }
      options.write(`${JSON.stringify(line)}\n`)
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
}

export function parseLogLevel(value: string | undefined): LogLevel {
  return value === 'debug' || value === 'warn' || value === 'error' ? value : 'info'
}

/** The text of whatever was thrown, cut to what fits a line. */
export function reasonOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  return text.length > 500 ? `${text.slice(0, 500)}…` : text
}
