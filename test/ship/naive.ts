// CONTROL: a shipper as agents are, into NATS. It keeps its position in a file, and after a doubt
// sends again from there; with a message id where it is told to. A batch is cut otherwise the
// second time, so its id is another one.

import { readFileSync, writeFileSync } from 'node:fs'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { natsTargetOf } from '../../lib/ship/nats-target.ts'
import { bodyOf, headersOf } from '../../lib/ship/nats-message.ts'
import { subjectOf } from '../../lib/ship/subject.ts'
import { headers } from '@nats-io/transport-node'
import { lineOf, streamBatches } from '../../lib/read/stream-batches.ts'

const [url = '', directory = '', position = '', withId] = process.argv.slice(2)
const { servers, stream } = natsTargetOf(url, {})
/** Acknowledgements between two positions. */
const every = 25

for (;;) {
  try {
    await run()
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function positions(): Map<string, { seq: number }> {
  try {
    return new Map(JSON.parse(readFileSync(position, 'utf8')) as [string, { seq: number }][])
  } catch {
    return new Map()
  }
}

async function run(): Promise<void> {
  const connection = await connect({ servers: [...servers], reconnect: false, timeout: 2000 })
  const jsm = await jetstreamManager(connection)
  await jsm.streams.add({ name: stream, subjects: ['logs.>'] })
  const js = jetstream(connection, { timeout: 2000 })
  const sent = positions()
  let acknowledged = 0
  for await (const { batches } of streamBatches(directory, {
    after: new Map(sent),
    follow: true,
  })) {
    for (const batch of batches) {
      const { category, first, last, times } = batch
      const shipments = times.map((time, i) => ({
        category,
        seq: first + i,
        time,
        line: lineOf(batch, i),
      }))
      const own = headers()
      for (const [name, value] of headersOf(shipments)) own.set(name, value)
      await js.publish(subjectOf({ host: 'h', log_id: 'l', category }), bodyOf(shipments), {
        headers: own,
        ...(withId === 'id' && { msgID: `${category}/${last}` }),
      })
      sent.set(category, { seq: last })
      if (++acknowledged % every === 0) writeFileSync(position, JSON.stringify([...sent]))
    }
  }
}
