/**
 * Adds taps up and sends them at most once a second, at most 20 at a time: ten thousand viewers tapping ten times a
 * second are then ten thousand small commands and not a hundred thousand.
 */
export class LikeBatcher {
  private waiting = 0
  private timer?: ReturnType<typeof setTimeout>

  constructor(
    private readonly send: (n: number) => void,
    private readonly everyMs = 1000,
  ) {}

  tap(): void {
    this.waiting = Math.min(20, this.waiting + 1)
    if (this.timer) return
    this.flush()
  }

  private flush(): void {
    if (this.waiting === 0) {
      this.timer = undefined
      return
    }
    const n = this.waiting
    this.waiting = 0
    this.send(n)
    this.timer = setTimeout(() => this.flush(), this.everyMs)
  }

  stop(): void {
    clearTimeout(this.timer)
    this.timer = undefined
  }
}
