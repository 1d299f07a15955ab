// A connection that is made when it is needed, and thrown away at the first trouble. The next
// question goes by a new one, so that no late answer is taken for an answer to it.

/** A connection of some kind. */
export class Link<T> {
  readonly #connect: () => Promise<T>
  readonly #end: (connection: T) => unknown
  #connection: Promise<T> | undefined

  constructor(connect: () => Promise<T>, end: (connection: T) => unknown) {
    this.#connect = connect
    this.#end = end
  }

  /** Does some work; whatever it throws ends the connection. */
  async use<R>(work: (connection: T) => Promise<R>): Promise<R> {
    const connection = (this.#connection ??= this.#connect())
    try {
      return await work(await connection)
    } catch (error) {
      void this.#drop(connection)
      throw error
    }
  }

  async close(): Promise<void> {
    if (this.#connection !== undefined) await this.#drop(this.#connection)
  }

  async #drop(connection: Promise<T>): Promise<void> {
    if (this.#connection === connection) this.#connection = undefined
    try {
      await this.#end(await connection)
    } catch {
      // Broken, or never made: there is nothing to be told of it any more.
    }
  }
}
