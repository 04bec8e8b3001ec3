import { ref, shallowRef } from 'vue'
import type { DiscoverItem } from '@openstall/api'
import { api, useSession } from '@openstall/app'

/**
 * The session of Discover in this window. It outlives the page: an item counts as shown when it is handed out, so
 * whoever comes back from a shop finds the list where it was.
 */
const items = shallowRef<DiscoverItem[]>([])
const at = ref(0)
const of = ref(0)
const end = ref(false)
const more = ref(false)
const quietUntil = ref<string>()
const startedAt = ref(0)
const error = shallowRef<unknown>()
let person: string | undefined
let asking: Promise<void> | undefined

function empty() {
  items.value = []
  at.value = 0
  end.value = more.value = false
  quietUntil.value = undefined
  startedAt.value = Date.now()
}

async function ask(again: boolean) {
  error.value = undefined
  try {
    const page = await api.discover(again)
    if (again) empty()
    const known = new Set(items.value.map((i) => i.video.id))
    items.value = [...items.value, ...page.items.filter((i) => !known.has(i.video.id))]
    of.value = page.of
    end.value = page.end
    more.value = page.more
    quietUntil.value = page.quiet_until
  } catch (e) {
    error.value = e
  }
}

/** Asks for the next items; one question at a time. */
function next(again = false): Promise<void> {
  asking ??= ask(again).finally(() => (asking = undefined))
  return asking
}

/** Goes on with the session, or begins one: after the end, and for another person. */
async function open() {
  const session = useSession()
  await session.load()
  const who = session.person?.id ?? ''
  if (who !== person || end.value || !items.value.length) {
    person = who
    empty()
    await next()
  }
}

export const useDiscover = () => ({ items, at, of, end, more, quietUntil, startedAt, error, open, next })
