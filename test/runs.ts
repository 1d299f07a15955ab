// How often a property is tried. `npm test` runs many times a day, under four versions of Node, and
// with other values each time: a third of the tries is enough for it. `npm run test:properties`
// makes all of them.

/** Whether all tries are made. */
export const isThorough: boolean = process.env['ALL_RUNS'] === '1'

/** How many of all the tries are made now. */
export function runs(all: number): number {
  return isThorough ? all : Math.ceil(all / 3)
}
