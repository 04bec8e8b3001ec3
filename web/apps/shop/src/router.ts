import { createRouter, createWebHistory } from 'vue-router'
import { setTheme } from '@openstall/ui'
import { loadMore } from './i18n'
import { useSession } from './shared/session'

export function makeRouter() {
  const router = createRouter({
    history: createWebHistory(),
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
    routes: [
      { path: '/shows/:id', name: 'room', component: () => import('./features/room/RoomPage.vue'), props: true, meta: { dark: true } },
    ],
  })
  router.beforeEach(async (to) => {
    if (to.name !== 'room') await loadMore()
    if (!to.meta.signedIn) return true
    const session = useSession()
    await session.load()
    return session.person ? true : { name: 'sign-in', query: { back: to.fullPath } }
  })
  router.afterEach((to) => setTheme(to.meta.dark ? 'dark' : 'system'))
  return router
}
