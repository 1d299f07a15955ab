// The Dockerfile of docs/deployment.md is built by buildah, and its image run by bubblewrap as a
// container: its own root, read-only, the user of the image, PID 1. So is the sidecar of the
// Kubernetes manifest. The base image is made here: an empty one with the system's /usr.

import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { describe, it, type TestContext } from 'node:test'
import { parse } from 'yaml'
import { streamLogs, verifyLogs } from '../../lib/index.ts'
import { answerOf, application, freePort, until } from './application.ts'
import { lacks, recipe } from './documents.ts'

const volume = '/var/log/risk-manager'
const user = 1000

interface ImageConfig {
  readonly User: string
  readonly Env: readonly string[]
  readonly Cmd: readonly string[]
  readonly WorkingDir: string
}

interface Image extends ImageConfig {
  /** Its files. */
  readonly root: string
}

interface Container {
  readonly pid: number
  readonly output: () => string
  readonly ended: Promise<unknown[]>
}

/** What a server in a container answers; its end before that is an error. */
async function answer(
  { ended, output }: Container,
  port: string,
  signal: AbortSignal,
): Promise<string> {
  const isOver = ended.then(() => assert.fail(`It has ended: ${output()}`))
  return await Promise.race([answerOf(`http://localhost:${port}/a`, signal), isOver])
}

interface Manifest {
  readonly spec: { readonly template: { readonly spec: PodSpec } }
}

interface PodSpec {
  readonly initContainers: readonly { readonly command: readonly string[] }[]
  readonly containers: readonly {
    readonly env: readonly { readonly name: string; readonly value: string }[]
  }[]
}

/** What the image is built from in place of the one of a registry. */
function baseIn(directory: string): string {
  const base = join(directory, 'base')
  for (const name of ['etc', 'usr', 'var/log', 'tmp', 'proc', 'dev', 'root']) {
    mkdirSync(join(base, name), { recursive: true })
  }
  for (const name of ['bin', 'lib', 'lib64', 'sbin']) symlinkSync(`usr/${name}`, join(base, name))
  const users = `root:x:0:0::/root:/bin/sh\nnode:x:${user}:${user}::/home/node:/bin/sh\n`
  writeFileSync(join(base, 'etc', 'passwd'), users)
  writeFileSync(join(base, 'etc', 'group'), `root:x:0:\nnode:x:${user}:\n`)
  return base
}

/** Builds the image, and unpacks it. */
function build(t: TestContext): Image {
  const directory = application(t)
  const store = ['--root', join(directory, 'store'), '--runroot', join(directory, 'run')]
  const buildah = (...args: string[]): string =>
    execFileSync('buildah', [...store, '--storage-driver', 'vfs', ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim()
  const context = join(directory, 'context')
  mkdirSync(context)
  for (const name of ['server.mjs', 'package.json', 'package-lock.json', 'node_modules']) {
    cpSync(join(directory, name), join(context, name), { recursive: true, verbatimSymlinks: true })
  }
  writeFileSync(join(context, 'Dockerfile'), recipe('Dockerfile'))
  const base = buildah('from', 'scratch')
  buildah('copy', base, baseIn(directory), '/')
  buildah('commit', base, 'node:24-slim')
  const isolation = ['--isolation', 'chroot', '--pull-never', '--volume', '/usr:/usr:ro']
  buildah('bud', ...isolation, '--tag', 'risk-manager', context)
  const inspected = buildah('inspect', '--type', 'image', 'risk-manager')
  const { OCIv1 } = JSON.parse(inspected) as { readonly OCIv1: { readonly config: ImageConfig } }
  const root = buildah('mount', buildah('from', '--pull-never', 'risk-manager'))
  return { ...OCIv1.config, root }
}

/** Starts a command in the image. */
async function start(
  t: TestContext,
  { root, Env, WorkingDir }: Image,
  command: readonly string[],
  mounts: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Container> {
  const own = Object.fromEntries(Env.map((text) => text.split(/=(.*)/s).slice(0, 2)))
  const variables = Object.entries<string>({ ...own, PATH: '/usr/bin:/bin', ...env })
  const set = variables.flatMap(([name, value]) => ['--setenv', name, value])
  const files = ['--ro-bind', root, '/', '--ro-bind', '/usr', '/usr', '--tmpfs', '/tmp', ...mounts]
  const space = ['--proc', '/proc', '--dev', '/dev', '--unshare-pid', '--as-pid-1', '--clearenv']
  const asUser = ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups']
  const args = [...files, ...space, ...set, '--chdir', WorkingDir, '--info-fd', '3']
  const child: ChildProcess = spawn('bwrap', [...args, ...asUser, ...command], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const ended = once(child, 'close')
  // It comes in pieces.
  let info = ''
  for await (const chunk of child.stdio[3] as Readable) {
    info += String(chunk)
    if (info.trimEnd().endsWith('}')) break
  }
  const { 'child-pid': pid } = JSON.parse(info) as { readonly 'child-pid': number }
  return { pid, output: () => text, ended }
}

const skip =
  lacks(['buildah', 'bwrap', 'setpriv'], true) ||
  (!process.execPath.startsWith('/usr/') && 'needs node in /usr')

describe('the image of the Dockerfile', { skip }, () => {
  it('logs as PID 1, not root, on a read-only root, and ends', { timeout: 120_000 }, async (t) => {
    const image = build(t)
    assert.equal(image.User, 'node')
    // As Docker does with a new volume.
    const logs = join(image.root, '..', 'volume')
    cpSync(join(image.root, volume), logs, { recursive: true })
    execFileSync('chown', ['--reference', join(image.root, volume), logs])
    const port = String(await freePort())
    const mounts = ['--bind', logs, volume]
    const container = await start(t, image, image.Cmd, mounts, { PORT: port })
    assert.equal(await answer(container, port, t.signal), 'ok')
    const status = readFileSync(`/proc/${container.pid}/status`, 'utf8')
    assert.match(status, new RegExp(`^Uid:\t${user}\t`, 'm'))
    assert.match(status, /^NSpid:\t\d+\t1$/m)
    process.kill(container.pid, 'SIGTERM')
    assert.deepEqual(await container.ended, [0, null], container.output())
    assert.equal(statSync(join(logs, 'system.log')).uid, user)
    assert.equal(statSync(logs).mode & 0o777, 0o700)
    const messages: unknown[] = []
    for await (const { entry } of streamLogs({ log_path: logs })) messages.push(entry?.message)
    assert.deepEqual(messages, ['Started', 'Request', 'Stopping', 'Stopped'])
    assert.deepEqual((await verifyLogs({ log_path: logs })).faults, [])

    await sidecar(t, image)
  })
})

/** The sidecar prints what the application logs after it, and ends when it is told to. */
async function sidecar(t: TestContext, image: Image): Promise<void> {
  const { spec } = (parse(recipe('deployment.yaml')) as Manifest).spec.template
  const command = spec.initContainers[0]?.command ?? []
  const [path] = spec.containers[0]?.env ?? []
  const shared = join(image.root, '..', 'empty')
  mkdirSync(shared, { mode: 0o2777 })
  execFileSync('chmod', ['2777', shared])
  execFileSync('chgrp', [String(user), shared])
  const mounts = ['--bind', shared, '/var/log/app']
  // The place where it is mounted, which a runtime makes.
  mkdirSync(join(image.root, '/var/log/app'))
  const tail = await start(t, image, command, mounts)
  const port = String(await freePort())
  const env = { PORT: port, [path?.name ?? '']: path?.value ?? '' }
  const main = await start(t, image, image.Cmd, mounts, env)
  assert.equal(await answer(main, port, t.signal), 'ok')
  process.kill(main.pid, 'SIGTERM')
  await main.ended
  await until(() => tail.output().includes('"Stopped"'), t.signal)
  process.kill(tail.pid, 'SIGTERM')
  await tail.ended
  // On stderr it may have said that it waits for a log.
  const lines = tail
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
  const messages = lines.map((line) => (JSON.parse(line) as { message: string }).message)
  assert.deepEqual(messages, ['Started', 'Request', 'Stopping', 'Stopped'])
}
