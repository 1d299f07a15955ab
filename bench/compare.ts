// `npm run bench:compare -- BEFORE.json [AFTER.json]`: which figures changed beyond the noise.
// AFTER is bench/results/latest.json if it is not given. Exit 0: nothing of ringlog got worse; 1:
// something did, or no longer counts; 2: wrong usage. What changed in rivals is shown and changes
// no exit code.

import { compare, type Change, roundsMin, thresholdPercent, type Verdict } from './comparison.ts'
import { figure } from './markdown.ts'
import { latestFile, readResults, type Results } from './results.ts'
import { subjects, type SubjectName } from './subjects/catalog.ts'

const titles: readonly (readonly [Verdict, string])[] = [
  ['faulty', 'no longer count'],
  ['worse', 'got worse'],
  ['better', 'got better'],
  ['mended', 'count again'],
  ['gone', 'are no longer measured'],
  ['new', 'are new'],
]

const [beforeFile, afterFile = latestFile, ...rest] = process.argv.slice(2)
if (beforeFile === undefined || rest.length > 0) {
  console.error(
    'Expected one or two result files: npm run bench:compare -- BEFORE.json [AFTER.json]',
  )
  process.exitCode = 2
} else {
  try {
    process.exitCode = report(readResults(beforeFile), readResults(afterFile)) ? 1 : 0
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    process.exitCode = 2
  }
}

/** @returns whether something of ringlog is worse than before. */
function report(before: Results, after: Results): boolean {
  const { asRatios, changes } = compare(before, after)
  console.log(`before: ${headOf(before)}\nafter:  ${headOf(after)}`)
  if (asRatios) {
    console.log(
      'Different machines or versions of Node: ratios to pino, asynchronous, of the same run.',
    )
  }
  for (const [verdict, title] of titles) {
    const ofVerdict = changes.filter((change) => change.verdict === verdict)
    if (ofVerdict.length === 0) continue
    console.log(`\n${ofVerdict.length} rows ${title}:`)
    for (const change of ofVerdict) console.log(`  ${lineOf(change)}`)
  }
  const count = (verdict: Verdict): number =>
    changes.filter((change) => change.verdict === verdict).length
  console.log(
    `\n${count('same')} rows the same: intervals overlap, or no more than ${thresholdPercent} % apart. ` +
      `${count('undecided')} undecided: fewer than ${roundsMin} rounds, or nothing to relate them to.`,
  )
  return changes.some(({ key, verdict }) => {
    const subject = key.split('/').at(-2) as SubjectName
    return subjects[subject]?.kind === 'ours' && (verdict === 'worse' || verdict === 'faulty')
  })
}

function headOf({ date, commit, machine, rounds }: Results): string {
  return `${date.slice(0, 16)} ${commit}, ${rounds} rounds, ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}`
}

function lineOf({ key, before, after, percent, fault }: Change): string {
  if (fault !== undefined) return `${key}: ${fault}`
  if (before === undefined || after === undefined) return key
  const sign = percent !== undefined && percent > 0 ? '+' : ''
  const change = percent === undefined ? '' : ` (${sign}${percent.toFixed(0)} %)`
  return `${key}: ${figure(before)} → ${figure(after)}${change}`
}
