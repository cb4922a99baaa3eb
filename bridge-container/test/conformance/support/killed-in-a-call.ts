import { HANGS } from './phrases.ts'
import { Workplace } from './workplace.ts'

/** One call that never ends, and what the model says after it. */
export const SCRIPT = `bash echo ran >> effects; ${HANGS}\nsay Went on.`

/** In the transcript as soon as the line of a call is. */
export const CALL = '"type":"tool_use"'

/** A session whose agent was killed while the one call of its script ran, and was on disk. */
export async function killedInACall(): Promise<Workplace> {
  const place = await Workplace.open()
  const agent = place.start()
  agent.say(SCRIPT)
  await place.untilFile('effects', 'ran\n')
  await place.untilStored(CALL)
  await agent.kill()
  return place
}
