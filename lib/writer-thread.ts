// The writer thread of a logger with `buffer.writer: "thread"`: what the thread is started with.
// It has a logger of its own, whose entries come from the other thread; nobody imports this file.

import { isMainThread, workerData } from 'node:worker_threads'
import { beginWriter } from './logger/begin-writer.ts'
import type { WriterData } from './thread/messages.ts'

if (!isMainThread) beginWriter(workerData as WriterData)
