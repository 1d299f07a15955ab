// Harmless lines by the thousand: those of `harmless-lines.ts` with their places filled in.

import { randomOf, randomPart } from './corpus.ts'
import { harmlessLines } from './harmless-lines.ts'

/** As many lines as asked for, each template in its turn, filled from the seed. */
export function* harmless(count: number, seed: number): Generator<string> {
  const templates = harmlessLines.trim().split('\n')
  const random = randomOf(seed)
  for (let i = 0; i < count; i++) {
    yield templates[i % templates.length]!.replaceAll(/\{([a-z]+\d*)\}/g, (_, place: string) =>
      filled(place, random),
    )
  }
}

function filled(place: string, random: () => number): string {
  const number = (below: number): string => String(Math.floor(random() * below))
  if (place === 'n') return number(1000)
  if (place === 'n2') return number(100)
  if (place === 'port') return String(1024 + Math.floor(random() * 60_000))
  if (place === 'ip') return [10, number(256), number(256), number(256)].join('.')
  if (place === 'price') return (random() * 10_000).toFixed(2)
  if (place === 'date')
    return `2026-${10 + Math.floor(random() * 3)}-${10 + Math.floor(random() * 18)}`
  if (place === 'uuid') return randomPart('u', random)
  if (place === 'b43') return randomPart('B43', random)
  const [, kind, length] = /^(hex|d)(\d+)$/.exec(place)!
  return randomPart(`${kind === 'hex' ? 'x' : 'd'}${length}`, random)
}
