import { connect, createServer } from 'node:net'

/** A bad line in front of a server: its own address, a speed for what goes up, and it can be cut. It ends with the test. */
export class Line {
  /** Bytes a second that go up over each connection. */
  speed = Infinity
  #up = true
  #open = new Set()

  static async start(t, server) {
    const line = new Line()
    const { hostname, port } = new URL(server.origin)
    const listener = createServer((near) => {
      if (!line.#up) return near.destroy()
      const far = connect(Number(port), hostname)
      const end = () => (near.destroy(), far.destroy(), line.#open.delete(end))
      line.#open.add(end)
      for (const s of [near, far]) s.on('error', end).on('close', end)
      far.pipe(near)
      near.on('data', (bytes) => {
        far.write(bytes)
        if (line.speed === Infinity) return
        near.pause()
        setTimeout(() => near.resume(), (1000 * bytes.length) / line.speed)
      })
    })
    await new Promise((go) => listener.listen(0, '127.0.0.1', go))
    t.after(() => (line.cut(), listener.close()))
    line.origin = `http://127.0.0.1:${listener.address().port}`
    line.document = server.document
    return line
  }

  /** Every connection breaks, and no new one is taken. */
  cut() {
    this.#up = false
    for (const end of [...this.#open]) end()
  }

  mend() {
    this.#up = true
  }
}
