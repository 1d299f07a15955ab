// A question to a cluster, repeated until one is answered. A cluster that has just lost a server
// drops questions for some five seconds: those for the lost server, and those for a leader that is
// not elected yet. A question that is sent later is answered (nats-server 2.15.1, three servers,
// 2026-11).

import { clearInterval, setInterval } from '../entry/clock.ts'

/** Between two times that it is asked, and how often. Milliseconds. */
const againMs = 1000
const asksMax = 6

/**
 * The first answer.
 *
 * @param ask Changes nothing, so it may be asked several times.
 * @throws the first failure other than that there was no answer, and that one when none came.
 */
export function firstAnswer<T>(ask: () => Promise<T>): Promise<T> {
  let asks = 0
  let open = 0
  return new Promise<T>((resolve, reject) => {
    const again = setInterval(() => void put(), againMs)
    const over = (): void => clearInterval(again)
    const put = async (): Promise<void> => {
      if (asks === asksMax) return
      asks++
      open++
      let answer: T
      try {
        answer = await ask()
      } catch (error) {
        open--
        if (isNoAnswer(error) && open > 0) return
        over()
        reject(error)
        return
      }
      over()
      resolve(answer)
    }
    void put()
  })
}

function isNoAnswer(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError'
}
