import type Hls from 'hls.js'

/** `ahead` is how many seconds are fetched before it plays; without it the player takes what it likes. */
export type Source = { url: string; live: boolean; startAt?: number; ahead?: number }
export type EngineEvents = {
  /** The line to the picture is gone or back; the engine goes on trying by itself. */
  onLost: (lost: boolean) => void
}

/** How long to wait before the next try, in milliseconds: soon at first, never more than 2 s, since a show starts and resumes by itself. */
export const retryDelay = (attempt: number) => Math.min(2000, 500 * 2 ** Math.min(attempt, 2))

/**
 * Puts an HLS address on a video element. hls.js where there is Media Source Extensions, because native HLS gives
 * no control over the distance to the live edge; the browser's own player otherwise (iPhone).
 */
export class Engine {
  private hls?: Hls
  private source?: Source
  private attempt = 0
  private timer?: ReturnType<typeof setTimeout>
  private offset?: number
  private stopped = false

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly events: EngineEvents,
  ) {}

  async load(source: Source): Promise<void> {
    this.source = source
    clearTimeout(this.timer)
    const { default: HlsLight } = await import('hls.js/light')
    if (this.stopped || this.source !== source) return
    if (HlsLight.isSupported()) this.loadHls(HlsLight, source)
    else this.loadNative(source)
  }

  private loadHls(HlsLight: typeof Hls, source: Source): void {
    this.hls?.destroy()
    const hls = new HlsLight({
      lowLatencyMode: source.live,
      // Without the rate a player that stalled once stays behind for the rest of the show.
      maxLiveSyncPlaybackRate: source.live ? 1.05 : 1,
      liveDurationInfinity: source.live,
      backBufferLength: source.live ? 30 : 90,
      startPosition: source.live ? -1 : (source.startAt ?? -1),
      ...(source.ahead && { maxBufferLength: source.ahead, maxBufferSize: 0 }),
      // The server holds the first playlist of a show that has just begun for ten seconds.
      manifestLoadPolicy: { default: { maxTimeToFirstByteMs: 12_000, maxLoadTimeMs: 14_000, timeoutRetry: null, errorRetry: null } },
    })
    this.hls = hls
    hls.on(HlsLight.Events.FRAG_CHANGED, (_e, data) => {
      const at = data.frag.programDateTime
      if (at) this.offset = at - data.frag.start * 1000
    })
    hls.on(HlsLight.Events.FRAG_BUFFERED, () => this.recovered())
    hls.on(HlsLight.Events.ERROR, (_e, data) => {
      if (!data.fatal) return
      if (data.type === HlsLight.ErrorTypes.MEDIA_ERROR && this.attempt < 2) {
        this.attempt++
        hls.recoverMediaError()
      } else this.lost()
    })
    hls.loadSource(source.url)
    hls.attachMedia(this.video)
  }

  private loadNative(source: Source): void {
    this.video.preload = source.ahead ? 'metadata' : 'auto'
    this.video.src = source.url
    this.video.onloadedmetadata = () => {
      if (!source.live && source.startAt) this.video.currentTime = source.startAt
      // Safari starts a live playlist three segments back; its own edge is the end of what can be sought.
      else if (source.live && this.video.seekable.length) this.video.currentTime = this.video.seekable.end(this.video.seekable.length - 1)
    }
    this.video.onplaying = () => this.recovered()
    this.video.onerror = () => this.lost()
  }

  private lost(): void {
    this.events.onLost(true)
    clearTimeout(this.timer)
    const source = this.source
    this.timer = setTimeout(() => {
      if (source && source === this.source && !this.stopped) void this.load(source.live ? source : { ...source, startAt: this.video.currentTime || source.startAt })
    }, retryDelay(this.attempt++))
  }

  private recovered(): void {
    if (this.attempt === 0) return
    this.attempt = 0
    this.events.onLost(false)
  }

  /** Tries again now instead of at the end of the wait, because somebody knows that the picture is back. */
  retry(): void {
    if (this.source && this.attempt > 0) {
      this.attempt = 0
      void this.load(this.source)
    }
  }

  /** Goes to the live edge after the page slept. */
  toEdge(): void {
    const edge = this.hls?.liveSyncPosition
    if (edge && edge - this.video.currentTime > 4) this.video.currentTime = edge
  }

  /** Fetches without the bound of `ahead`, because it plays now. */
  unbound(): void {
    if (!this.source?.ahead) return
    this.source.ahead = undefined
    if (this.hls) Object.assign(this.hls.config, { maxBufferLength: 30, maxBufferSize: 60_000_000 })
  }

  /** The instant the picture on screen was made, from EXT-X-PROGRAM-DATE-TIME; undefined until it is known. */
  playingDate(): Date | undefined {
    if (this.offset !== undefined) return new Date(this.offset + this.video.currentTime * 1000)
    const native = (this.video as HTMLVideoElement & { getStartDate?: () => Date }).getStartDate?.()
    if (native && !Number.isNaN(native.getTime())) return new Date(native.getTime() + this.video.currentTime * 1000)
    return undefined
  }

  destroy(): void {
    this.stopped = true
    clearTimeout(this.timer)
    this.hls?.destroy()
    this.hls = undefined
    this.video.onloadedmetadata = this.video.onplaying = this.video.onerror = null
  }
}
