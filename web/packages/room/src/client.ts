import { Centrifuge, type Subscription } from 'centrifuge'
import type { Comment, RoomFrame, RoomState } from '@openstall/api'

export type RoomEvents = {
  onState: (state: RoomState) => void
  onFrame: (frame: RoomFrame) => void
  /** The line to the room: `true` once it stands. */
  onLine: (connected: boolean) => void
  /** Facts for the staff of the show: orders, stream health, figures. */
  onHost?: (event: HostEvent) => void
}
export type HostEvent = { type: string } & Record<string, unknown>
type Opening = { comments?: Comment[]; viewers?: number; likes?: number; viewers_total?: number }

/** The address of the room's socket on this host. */
export const socketUrl = () => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/v1/socket`

/** The socket of one room. It connects again by itself with growing, random waits; the last state comes with every subscription. */
export class RoomClient {
  private readonly centrifuge: Centrifuge
  private readonly subs: Subscription[] = []

  constructor(
    private readonly show: string,
    events: RoomEvents,
    url = socketUrl(),
  ) {
    this.centrifuge = new Centrifuge(url, { minReconnectDelay: 400, maxReconnectDelay: 8000 })
    this.centrifuge.on('connected', () => events.onLine(true))
    this.centrifuge.on('connecting', () => events.onLine(false))
    this.centrifuge.on('disconnected', () => events.onLine(false))

    const state = this.listen(`state:${show}`, (data) => events.onState(data as RoomState))
    state.on('subscribed', (ctx) => ctx.data && events.onState(ctx.data as RoomState))
    // The staff's screens hear the same frames on a channel of their own: they are not viewers, and not counted.
    const room = this.listen(`${events.onHost ? 'desk' : 'room'}:${show}`, (data) => events.onFrame(data as RoomFrame))
    room.on('subscribed', (ctx) => {
      const opening = (ctx.data ?? {}) as Opening
      events.onFrame({ n: 0, t: new Date().toISOString(), chat: opening.comments, viewers: opening.viewers, likes: opening.likes, viewers_total: opening.viewers_total })
    })
    if (events.onHost) this.listen(`host:${show}`, (data) => events.onHost!(data as HostEvent))
    this.centrifuge.connect()
  }

  private listen(channel: string, on: (data: unknown) => void): Subscription {
    const sub = this.centrifuge.newSubscription(channel)
    sub.on('publication', (ctx) => on(ctx.data))
    sub.subscribe()
    this.subs.push(sub)
    return sub
  }

  /** Tells the room about likes; a like that gets lost is not worth a second try. */
  like(n: number): void {
    this.centrifuge.rpc('like', { show: this.show, n }).catch(() => undefined)
  }

  close(): void {
    for (const sub of this.subs) this.centrifuge.removeSubscription(sub)
    this.centrifuge.disconnect()
  }
}
