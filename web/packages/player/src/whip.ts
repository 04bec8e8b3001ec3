/** Where to publish: the address and a token that is good for a short time. */
export type Ticket = { whip_url: string; token: string }
export type PublishState = 'idle' | 'connecting' | 'live' | 'weak' | 'away'
export type PublishEvents = {
  onState: (state: PublishState) => void
  /** What leaves this device, once every two seconds. */
  onStats?: (stats: { kbps: number; lostShare: number }) => void
}

/** H.264 first, because HLS viewers get it without transcoding; what follows is for repair packets. */
export function preferH264<T extends { mimeType: string }>(codecs: T[]): T[] {
  const rank = (c: T) => (/h264/i.test(c.mimeType) ? 0 : /rtx|red|ulpfec/i.test(c.mimeType) ? 2 : 1)
  return codecs.map((c, i) => ({ c, i })).sort((a, b) => rank(a.c) - rank(b.c) || a.i - b.i).map((x) => x.c)
}

/**
 * Makes Chromium begin at `kbps` instead of 300 kbit/s. It would send a small picture first and grow it three times in
 * the first fifteen seconds, each time a break in the stream of every viewer. Others pass over the parameter.
 */
export const beginAt = (kbps: number, answer: string): string => answer.replace(/^a=fmtp:.*profile-level-id=[^\r\n]*/gim, `$&;x-google-start-bitrate=${kbps}`)

/** Good, weak or gone, from the share of packets the other side missed (RTCP receiver reports). */
export const lineState = (lostShare: number): PublishState => (lostShare > 0.08 ? 'weak' : 'live')

/**
 * Publishes camera and microphone with WHIP (RFC 9725). The show outlives the connection: when it breaks, a new one
 * is made with a new ticket, again and again, until `stop`.
 */
export class WhipPublisher {
  private pc?: RTCPeerConnection
  private resource?: string
  private token = ''
  private stopped = false
  private attempt = 0
  private retry?: ReturnType<typeof setTimeout>
  private stats?: ReturnType<typeof setInterval>
  private sent = { at: 0, bytes: 0 }

  constructor(
    private readonly ticket: () => Promise<Ticket>,
    private stream: MediaStream,
    private readonly events: PublishEvents,
  ) {}

  async start(): Promise<void> {
    this.events.onState(this.attempt ? 'away' : 'connecting')
    try {
      await this.connect()
    } catch {
      this.again()
    }
  }

  private async connect(): Promise<void> {
    this.drop()
    const { whip_url, token } = await this.ticket()
    if (this.stopped) return
    this.token = token
    const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
    this.pc = pc
    for (const track of this.stream.getTracks()) {
      const sender = pc.addTransceiver(track, { direction: 'sendonly', streams: [this.stream] })
      if (track.kind === 'video') sender.setCodecPreferences?.(preferH264(RTCRtpSender.getCapabilities('video')?.codecs ?? []))
    }
    pc.onconnectionstatechange = () => {
      if (this.pc !== pc) return
      if (pc.connectionState === 'connected') {
        this.attempt = 0
        this.events.onState('live')
        this.watch()
      } else if (pc.connectionState === 'failed' || pc.connectionState === 'disconnected') this.again()
    }
    await pc.setLocalDescription(await pc.createOffer())
    await gathered(pc)
    const response = await fetch(whip_url, { method: 'POST', headers: { 'Content-Type': 'application/sdp', Authorization: `Bearer ${token}` }, body: pc.localDescription!.sdp })
    if (!response.ok) throw new Error(`WHIP answered ${response.status}`)
    const location = response.headers.get('Location')
    this.resource = location ? new URL(location, new URL(whip_url, window.location.href)).href : undefined
    await pc.setRemoteDescription({ type: 'answer', sdp: beginAt(1200, await response.text()) })
  }

  private again(): void {
    if (this.stopped) return
    this.events.onState('away')
    clearTimeout(this.retry)
    this.retry = setTimeout(() => void this.start(), Math.min(5000, 500 * 2 ** this.attempt++))
  }

  private watch(): void {
    clearInterval(this.stats)
    this.sent = { at: 0, bytes: 0 }
    this.stats = setInterval(async () => {
      const pc = this.pc
      if (pc?.connectionState !== 'connected') return
      let bytes = 0
      let lost = 0
      for (const s of (await pc.getStats()).values()) {
        if (s.type === 'outbound-rtp') bytes += s.bytesSent
        if (s.type === 'remote-inbound-rtp') lost = Math.max(lost, s.fractionLost ?? 0)
      }
      const now = performance.now()
      if (this.sent.at) {
        this.events.onStats?.({ kbps: Math.round(((bytes - this.sent.bytes) * 8) / (now - this.sent.at)), lostShare: lost })
        this.events.onState(lineState(lost))
      }
      this.sent = { at: now, bytes }
    }, 2000)
  }

  /** Sends another camera or microphone without a new connection. */
  async replace(stream: MediaStream): Promise<void> {
    this.stream = stream
    for (const track of stream.getTracks()) {
      const sender = this.pc?.getSenders().find((s) => s.track?.kind === track.kind)
      await sender?.replaceTrack(track)
    }
  }

  private drop(): void {
    clearInterval(this.stats)
    this.pc?.close()
    this.pc = undefined
  }

  /** Ends the publication. `over` says that the show itself has ended and the server has let go already. */
  stop(over = false): void {
    this.stopped = true
    clearTimeout(this.retry)
    if (this.resource && !over) void fetch(this.resource, { method: 'DELETE', headers: { Authorization: `Bearer ${this.token}` }, keepalive: true }).catch(() => undefined)
    this.drop()
    this.events.onState('idle')
  }
}

/** Waits for the local candidates, a second at most: WHIP sends one offer and this page does not trickle. */
function gathered(pc: RTCPeerConnection): Promise<void> {
  if (pc.iceGatheringState === 'complete') return Promise.resolve()
  return new Promise((done) => {
    const timer = setTimeout(done, 1000)
    pc.addEventListener('icegatheringstatechange', () => {
      if (pc.iceGatheringState !== 'complete') return
      clearTimeout(timer)
      done()
    })
  })
}
