import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import type { BagItem, Figures, Merchant, MerchantShow, RoomState } from '@openstall/api'
import { WhipPublisher, useCamera, type PublishState } from '@openstall/player'
import { useRoom } from '@openstall/room'
import { noteServerTime, say } from '@openstall/ui'
import { useProblem } from '@openstall/app'

/** A show from the host's side: the picture going out, what is on the counter, the figures. */
export function useHost(show: MerchantShow, api: Merchant) {
  const problem = useProblem()
  const camera = useCamera()
  const room = useRoom(show, { onServerTime: noteServerTime, onHost: onEvent, reload: () => api.show(show.id) })
  const line = ref<PublishState>('idle')
  const kbps = ref(0)
  const figures = shallowRef<Figures>()
  const warnings = shallowRef<string[]>([])
  const busy = ref(false)
  const started = ref(show.started_at)
  let publisher: WhipPublisher | undefined
  let wakeLock: WakeLockSentinel | undefined

  const state = computed(() => room.state.value.state)
  const onAir = computed(() => state.value === 'live' || state.value === 'interrupted')
  const sending = computed(() => onAir.value || state.value === 'practice')
  const pinned = computed(() => room.bag.value.find((b) => b.number === room.state.value.pinned))
  const explaining = computed(() => room.state.value.explaining)

  function onEvent(event: { type: string } & Record<string, unknown>) {
    if (event.type === 'figures') figures.value = event.figures as Figures
    else void fresh()
  }
  async function fresh() {
    const [f, s] = await Promise.all([api.showFigures(show.id).catch(() => undefined), api.show(show.id).catch(() => undefined)])
    if (f) figures.value = f.now
    if (s) warnings.value = s.stream.warnings
  }
  const timer = setInterval(() => sending.value && document.visibilityState === 'visible' && void fresh(), 5000)

  async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    busy.value = true
    try {
      return await work()
    } catch (e) {
      say(problem(e))
      return undefined
    } finally {
      busy.value = false
    }
  }

  /** Publishes the camera until the show ends or the page is left. */
  async function publish() {
    const stream = camera.stream.value ?? (await camera.open())
    if (!stream || publisher) return
    publisher = new WhipPublisher(() => api.publishTicket(show.id), stream, {
      onState: (s) => (line.value = s),
      onStats: (s) => (kbps.value = s.kbps),
    })
    await publisher.start()
    // A phone that goes to sleep takes the show with it.
    wakeLock = await navigator.wakeLock?.request('screen').catch(() => undefined)
  }
  function unpublish(over = false) {
    publisher?.stop(over)
    publisher = undefined
    void wakeLock?.release()
  }

  async function move(step: 'practice' | 'start' | 'end') {
    const now = await attempt(() => api.move(show.id, step))
    if (!now) return false
    room.take(now.state_snapshot)
    started.value = now.started_at
    if (step === 'end') unpublish(true)
    else await publish()
    return true
  }
  const taking = async (work: () => Promise<RoomState | MerchantShow>) => {
    const now = await attempt(work)
    if (now) room.take('state_snapshot' in now ? now.state_snapshot : now)
  }

  watch(camera.stream, (s) => s && void publisher?.replace(s))
  // A reload in the middle of a show goes on publishing as soon as the camera is open.
  void camera.open().then(() => (sending.value ? publish() : undefined))
  void fresh()
  onScopeDispose(() => {
    clearInterval(timer)
    unpublish()
  })

  return {
    camera,
    room,
    line,
    kbps,
    figures,
    warnings,
    busy,
    state,
    onAir,
    sending,
    pinned,
    explaining,
    started,
    move,
    pin: (n: number | null) => taking(() => api.pin(show.id, n)),
    explain: (n: number | null) => taking(() => api.explain(show.id, n)),
    async count(item: BagItem, steps: number) {
      const sku = item.product.skus[0]
      if (!sku) return
      const step = sku.measure.kind === 'weight' ? 1000 : 1
      if (await attempt(() => api.moveStock({ sku: sku.id, add: steps * step, reason: steps > 0 ? 'landed' : 'count' }))) await reload()
    },
    async list(item: Parameters<Merchant['quickListing']>[1]) {
      const made = await attempt(() => api.quickListing(show.id, item))
      if (made) await reload()
      return made
    },
  }
  async function reload() {
    const now = await api.show(show.id).catch(() => undefined)
    if (!now) return
    room.setBag(now.bag)
    room.take(now.state_snapshot)
  }
}
