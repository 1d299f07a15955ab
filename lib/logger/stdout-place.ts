// Standard output in the place of a directory: a logger without files. All categories share one
// route, so that the lines stand in the order of the calls, and each once.

import { builtinCategories } from '../entry/builtin-categories.ts'
import type { ResolvedConfig } from '../config/resolve.ts'
import { stdoutFormOf, stdoutReader } from '../sinks/stdout-form.ts'
import { StdoutSink } from '../sinks/stdout-sink.ts'
import { Stdout } from '../sinks/stdout-target.ts'
import { carefree } from './core.ts'
import type { Place } from './place.ts'

/** The place of a logger with `log_path: null`. */
export const onStdout: Place = {
  hasFiles: false,
  filesOf({ categories }: ResolvedConfig): ReadonlyMap<string, string> {
    const names = [...Object.keys(builtinCategories), ...Object.keys(categories)]
    return new Map(names.map((name) => [name, 'stdout']))
  },
  careOf(live, { routes, pump }) {
    const reconfigured = (): void => {
      const { stdout } = live.config
      const form = stdoutFormOf(stdout === 'off' ? 'json' : stdout, stdoutReader())
      for (const route of routes.values()) route.form = form
    }
    const open = (): void => {
      reconfigured()
      for (const route of routes.values()) {
        route.sink = new StdoutSink(new Stdout(), pump.eventsOf(route))
      }
    }
    return { ...carefree, open, reconfigured }
  },
  isLasting: true,
}
