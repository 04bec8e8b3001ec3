import { computed, onScopeDispose, readonly, ref, shallowRef } from 'vue'
import type { BagItem, Comment, RoomState, Show } from '@openstall/api'
import type { HostEvent, RoomClient, RoomEvents } from './client'
import { LikeBatcher } from './likes'
import { applyFrame, bagInState, bagIsStale, newerState, type RoomFlow } from './state'

export type RoomOptions = {
  onServerTime?: (at: string) => void
  onHost?: (event: HostEvent) => void
  /** Asked when the state names goods the bag does not hold. */
  reload?: () => Promise<Show>
}

/** Keeps a room in step with the server: one snapshot, then whatever is newer. */
export function useRoom(show: Show, options: RoomOptions = {}) {
  const bag = shallowRef<BagItem[]>(show.bag)
  const state = shallowRef<RoomState>(show.state_snapshot)
  const flow = shallowRef<RoomFlow>({
    lines: show.comments.map((c) => ({ kind: 'comment' as const, id: c.id, comment: c })),
    likes: show.likes,
    viewers: show.viewers,
    viewersTotal: show.viewers_total,
  })
  const connected = ref(false)
  const liked = ref(0)
  let reloading = false

  const events: RoomEvents = {
    onState(incoming) {
      state.value = newerState(state.value, incoming)
      options.onServerTime?.(incoming.server_time)
      if (bagIsStale(bag.value, state.value)) void freshBag()
    },
    onFrame: (frame) => (flow.value = applyFrame(flow.value, frame)),
    onLine: (line) => (connected.value = line),
    onHost: options.onHost,
  }
  // The page is drawn from the show itself; the socket's library comes after the first picture.
  let client: RoomClient | undefined
  let left = false
  void import('./client').then((m) => {
    if (!left) client = new m.RoomClient(show.id, events)
  })
  const likes = new LikeBatcher((n) => client?.like(n))

  async function freshBag() {
    if (reloading || !options.reload) return
    reloading = true
    try {
      bag.value = (await options.reload()).bag
    } catch {
      // The next state asks again.
    } finally {
      reloading = false
    }
  }

  onScopeDispose(() => {
    left = true
    likes.stop()
    client?.close()
  })

  return {
    state: readonly(state) as Readonly<typeof state>,
    bag: computed(() => bagInState(bag.value, state.value)),
    flow: readonly(flow) as Readonly<typeof flow>,
    connected: readonly(connected),
    /** Likes of everybody, with the own ones that have not come back yet. */
    likes: computed(() => Math.max(flow.value.likes, show.likes + liked.value)),
    like() {
      liked.value++
      likes.tap()
    },
    /** Shows the own line at once; the same line from the room changes nothing. */
    echo(comment: Comment) {
      flow.value = applyFrame(flow.value, { n: -1, t: comment.at, chat: [comment] })
    },
    /** Takes an answer of the server that arrived by another way. */
    take(incoming: RoomState) {
      state.value = newerState(state.value, incoming)
    },
    setBag(items: BagItem[]) {
      bag.value = items
    },
  }
}
export type Room = ReturnType<typeof useRoom>
