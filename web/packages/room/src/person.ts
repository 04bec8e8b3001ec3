import { Centrifuge } from 'centrifuge'
import { socketUrl } from './client'

/** What the server tells a signed-in person on every open page: a step of an order, a notice. */
export type PersonEvent =
  | { type: 'order'; data: { order: string; state: string; pay_state: string } }
  | { type: 'case'; data: { case: string; order: string; state: string } }
  | { type: 'notice'; data: { id: string; url: string } }

export type PersonEvents = {
  onEvent: (event: PersonEvent) => void
  /** The line stands again after a break in which events may have been missed. */
  onBack: () => void
}

/** The socket of a person. The server subscribes it to the channel of whoever is signed in; visitors hear nothing. */
export class PersonClient {
  private readonly centrifuge: Centrifuge
  private connected = false

  constructor(events: PersonEvents, url = socketUrl()) {
    this.centrifuge = new Centrifuge(url, { minReconnectDelay: 400, maxReconnectDelay: 8000 })
    this.centrifuge.on('connected', () => {
      if (this.connected) events.onBack()
      this.connected = true
    })
    this.centrifuge.on('publication', (ctx) => events.onEvent(ctx.data as PersonEvent))
    this.centrifuge.connect()
  }

  close(): void {
    this.centrifuge.disconnect()
  }
}
