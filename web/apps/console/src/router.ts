import { createRouter, createWebHistory } from 'vue-router'
import { explainFailedNavigation, useSession } from '@openstall/app'

export function makeRouter() {
  const router = createRouter({
    history: createWebHistory('/console/'),
    routes: [
      { path: '/', name: 'start', component: () => import('./shared/StartPage.vue') },
      { path: '/sign-in', name: 'sign-in', component: () => import('./shared/SignInPage.vue'), meta: { open: true } },
      { path: '/account', name: 'account', component: () => import('./shared/AccountPage.vue') },
      { path: '/operator', name: 'operator', component: () => import('./features/operator/OperatorPage.vue') },
      { path: '/:shop/air/:show?', name: 'air', component: () => import('./features/air/AirPage.vue'), props: true },
      { path: '/:shop/shows', name: 'shows', component: () => import('./features/shows/ShowsPage.vue') },
      { path: '/:shop/shows/:show', name: 'show', component: () => import('./features/shows/ShowPage.vue'), props: true },
      { path: '/:shop/orders', name: 'orders', component: () => import('./features/orders/OrdersPage.vue') },
      { path: '/:shop/cases', name: 'cases', component: () => import('./features/aftersale/CasesPage.vue') },
      { path: '/:shop/goods', name: 'goods', component: () => import('./features/goods/GoodsPage.vue') },
      { path: '/:shop/goods/:product/lessons', name: 'lessons', component: () => import('./features/goods/LessonsPage.vue'), props: true },
      { path: '/:shop/money', name: 'money', component: () => import('./features/money/MoneyPage.vue') },
      { path: '/:shop/promo', name: 'promo', component: () => import('./features/promo/PromoPage.vue') },
      { path: '/:shop/leads/:lead?', name: 'leads', component: () => import('./features/leads/LeadsPage.vue'), props: true },
      { path: '/:shop/contacts', name: 'contacts', component: () => import('./features/contacts/ContactsPage.vue') },
      { path: '/:shop/figures', name: 'figures', component: () => import('./features/figures/FiguresPage.vue') },
      { path: '/:shop/settings', name: 'settings', component: () => import('./features/settings/SettingsPage.vue') },
      { path: '/:nothing(.*)*', name: 'nothing', component: () => import('./shared/NothingPage.vue'), meta: { open: true } },
    ],
  })
  router.beforeEach(async (to) => {
    if (to.meta.open) return true
    const session = useSession()
    await session.load()
    return session.person ? true : { name: 'sign-in', query: { back: to.fullPath } }
  })
  explainFailedNavigation(router)
  return router
}

declare module 'vue-router' {
  interface RouteMeta {
    /** Needs nobody signed in, and is drawn without the navigation. */
    open?: boolean
  }
}
