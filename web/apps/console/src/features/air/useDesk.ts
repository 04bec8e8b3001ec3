import { computed, onScopeDispose, ref, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Comment, Merchant, MerchantShow, Order, RoomState, ShowFigures, StreamHealth } from '@openstall/api'
import { useRoom } from '@openstall/room'
import { noteServerTime } from '@openstall/ui'
import { useDo } from '../../shared/useDo'

/** A show from the controller's desk: its room, figures, orders and stream, kept fresh; and everything that can be done to it. */
export function useDesk(show: MerchantShow, api: Merchant, firstFigures: ShowFigures, firstOrders: Order[]) {
  const { t } = useI18n()
  const { busy, run } = useDo()
  const figures = shallowRef(firstFigures)
  const orders = shallowRef(firstOrders)
  const stream = shallowRef<StreamHealth>(show.stream)
  const held = shallowRef<Comment[]>([])
  const started = ref(show.started_at)
  const room = useRoom(show, { onServerTime: noteServerTime, onHost: onEvent, reload: () => api.show(show.id) })
  const onAir = computed(() => ['live', 'interrupted', 'practice'].includes(room.state.value.state))

  function onEvent(event: { type: string } & Record<string, unknown>) {
    if (event.type === 'stream' && event.stream) stream.value = event.stream as StreamHealth
    else if (event.type === 'held') void freshHeld()
    else void fresh()
  }
  async function freshHeld() {
    const list = await api.comments(show.id).catch(() => undefined)
    if (list) held.value = list.items.filter((c) => c.state === 'held').reverse()
  }
  async function fresh() {
    const [f, o, s] = await Promise.all([
      api.showFigures(show.id).catch(() => undefined),
      api.orders({ show: show.id }).catch(() => undefined),
      api.show(show.id).catch(() => undefined),
    ])
    if (f) figures.value = f
    if (o) orders.value = o.items
    if (s) {
      stream.value = s.stream
      started.value = s.started_at
      room.setBag(s.bag)
      room.take(s.state_snapshot)
    }
  }
  void freshHeld()
  const timer = setInterval(() => onAir.value && document.visibilityState === 'visible' && void fresh(), 5000)
  onScopeDispose(() => clearInterval(timer))

  async function taking(work: () => Promise<RoomState | MerchantShow | undefined>) {
    const now = await run(work)
    if (!now) return
    if ('stream' in now) {
      stream.value = now.stream
      started.value = now.started_at
    }
    room.take('state_snapshot' in now ? now.state_snapshot : now)
  }

  return {
    room,
    figures,
    orders,
    stream,
    held,
    started,
    onAir,
    busy,
    fresh,
    move: (step: 'practice' | 'start' | 'end' | 'cancel') => taking(() => api.move(show.id, step)),
    pin: (n: number | null) => taking(() => api.pin(show.id, n)),
    explain: (n: number | null) => taking(() => api.explain(show.id, n)),
    setRoom: (change: { slow_mode_seconds?: number; comments_off?: boolean }) => taking(() => api.setRoom(show.id, change)),
    answer: (text: string) => run(async () => room.echo(await api.answer(show.id, text))),
    remove: (comment: string) =>
      run(async () => {
        await api.removeComment(show.id, comment)
        held.value = held.value.filter((c) => c.id !== comment)
      }, t('air.removed')),
    letThrough: (comment: string) =>
      run(async () => {
        await api.letThrough(show.id, comment)
        held.value = held.value.filter((c) => c.id !== comment)
      }),
    words: () => run(async () => (await api.heldWords()).words),
    saveWords: (words: string[]) => run(() => api.saveHeldWords(words), t('air.wordsSaved')),
    pinComment: (comment: string) => run(() => api.pinComment(show.id, comment), t('air.commentPinned')),
    /** Mutes who wrote a comment. Lines of the room name nobody, so the staff's own list is asked who it was. */
    mute: (comment: Comment) =>
      run(async () => {
        const person = comment.person ?? (await api.comments(show.id)).items.find((c) => c.id === comment.id)?.person
        if (!person) throw new Error('the comment is not in the list any more')
        await api.mute(show.id, person, 60, comment.text)
      }, t('air.muted')),
    async list(item: Parameters<Merchant['quickListing']>[1]) {
      const made = await run(() => api.quickListing(show.id, item))
      if (made) await fresh()
      return made
    },
  }
}
export type Desk = ReturnType<typeof useDesk>
