// The stream of the NATS engine: made when it is missing, looked at when it is there. A stream that
// forgets what was read, or keeps only the last messages of a subject, tells a wrong end, and a
// shipper that believes it sends everything again.

import type { JetStreamManager, StreamConfig } from '@nats-io/jetstream'
import { EngineMissing, EngineRefusal, type EngineSettings, batchBytesMax } from './engine.ts'
import { firstAnswer } from './first-answer.ts'
import type { NatsTarget } from './nats-target.ts'
import { allSubjects, subjectPrefix } from './subject.ts'

/** The server's numbers for what is no trouble but an answer. */
const streamNotFound = 10059
/** What trying again does not mend: subjects of another stream, no JetStream, no place. */
const refusals: readonly number[] = [10005, 10065, 10039, 10076, 10074, 10052, 10058]

/** What is to fit into a message beside the lines. */
const headerBytes = 1024

/** What the servers are. */
export interface NatsServers {
  /** There are several. */
  readonly isCluster: boolean
  /** They know of streams that are compressed: since 2.10. */
  readonly compresses: boolean
}

/**
 * Makes the stream when it is missing.
 *
 * @throws {EngineRefusal} that says what is wrong with it.
 */
export async function readyStream(
  jsm: JetStreamManager,
  { stream, replicas }: Pick<NatsTarget, 'stream' | 'replicas'>,
  { isCluster, compresses }: NatsServers,
  { warn, dry = false }: Pick<EngineSettings, 'warn' | 'dry'>,
): Promise<void> {
  let config: Partial<StreamConfig>
  try {
    ;({ config } = await firstAnswer(() => jsm.streams.info(stream)))
  } catch (error) {
    if (numberOf(error) !== streamNotFound) throw error
    if (dry) throw new EngineMissing(`the stream ${stream}`)
    const wanted = replicas ?? (isCluster ? 3 : 1)
    try {
      ;({ config } = await jsm.streams.add(settingsOf(stream, wanted, compresses)))
    } catch (cause) {
      const { message } = cause as Error
      const isRefused =
        refusals.includes(numberOf(cause) ?? 0) || message.startsWith('Permissions Violation')
      if (!isRefused) throw cause
      throw new EngineRefusal(
        `Cannot make the stream ${stream} with ${wanted} replicas: ${(cause as Error).message}; another number of them is named by ?replicas=`,
        { cause },
      )
    }
  }
  const faults = faultsOf(config)
  if (faults.length > 0) {
    throw new EngineRefusal(`Cannot use the stream ${stream}: expected ${faults.join('; ')}`)
  }
  if (isCluster && (config.num_replicas ?? 1) < 3) {
    warn(
      `the stream ${stream} has ${config.num_replicas} replicas in a cluster: a server that is lost takes it along`,
    )
  }
}

function settingsOf(
  name: string,
  replicas: number,
  compresses: boolean,
): Partial<StreamConfig> & { name: string } {
  return {
    name,
    subjects: [allSubjects],
    storage: 'file',
    retention: 'limits',
    discard: 'old',
    num_replicas: replicas,
    deny_delete: true,
    // Of a batch that is stored in doubt the end is asked for; nothing is recognized by an id.
    duplicate_window: 1_000_000_000,
    ...(compresses && { compression: 's2' }),
  }
}

/** What is expected and not so. */
function faultsOf(config: Partial<StreamConfig>): string[] {
  const { subjects = [], max_msg_size: size = -1, max_msgs_per_subject: perSubject = -1 } = config
  const transform = (config as { subject_transform?: unknown }).subject_transform
  const checks: readonly (readonly [isRight: boolean, expected: string])[] = [
    [
      subjects.some(
        (each) => each === allSubjects || each === '>' || each === `${subjectPrefix}.*.*.*`,
      ),
      `its subjects to be ${allSubjects}, got ${subjects.join(', ') || 'none'}`,
    ],
    [config.storage === 'file', `storage: file, got ${config.storage}`],
    [config.retention === 'limits', `retention: limits, got ${config.retention}`],
    [perSubject <= 0, `no max_msgs_per_subject, got ${perSubject}`],
    [
      size <= 0 || size >= batchBytesMax + headerBytes,
      `max_msg_size to be ${batchBytesMax + headerBytes} at least, got ${size}`,
    ],
    [config.no_ack !== true, 'acknowledgements, got no_ack'],
    [config.sealed !== true, 'one that takes messages, got a sealed one'],
    [config.mirror === undefined, 'one of its own, got a mirror'],
    [
      transform === undefined || transform === null,
      'subjects as they are, got a subject_transform',
    ],
    [
      (config as { persist_mode?: string }).persist_mode !== 'async',
      'persist_mode: default, got async, which acknowledges what is not stored',
    ],
  ]
  return checks.filter(([isRight]) => !isRight).map(([, expected]) => expected)
}

/** The server's number for an error of JetStream. */
export function numberOf(error: unknown): number | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return typeof code === 'number' ? code : undefined
}
