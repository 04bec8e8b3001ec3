import { effectScope, onMounted, onScopeDispose, ref } from 'vue'
import { api, useSession } from '@openstall/app'
import { usePerson } from '@openstall/room'

/** How much in the inbox has not been seen, as the server last said. */
export const unread = ref(0)

async function count() {
  // A count that does not come leaves the one before: it is looked at again when the window is.
  const { unread: n } = await api.unreadInbox().catch(() => ({ unread: unread.value }))
  unread.value = n
}

/** Marks the inbox as seen. */
export async function readInbox() {
  await api.readInbox()
  unread.value = 0
}

/** Keeps the count true while the page is open: counted at first, when something is sent, and when the window is looked at again. */
export function useUnread() {
  const session = useSession()
  const scope = effectScope()
  const again = () => document.visibilityState === 'visible' && session.person && void count()
  onMounted(async () => {
    await session.load()
    if (!session.person) return (unread.value = 0)
    if (!scope.active) return
    await count()
    scope.run(() => usePerson((e) => (!e || (e.type === 'notice' && e.data.url === '/me/inbox')) && void count()))
  })
  document.addEventListener('visibilitychange', again)
  onScopeDispose(() => {
    document.removeEventListener('visibilitychange', again)
    scope.stop()
  })
  return unread
}
