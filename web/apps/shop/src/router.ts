import { createRouter, createWebHistory, type RouteLocationNormalized } from 'vue-router'
import { setTheme } from '@openstall/ui'
import { explainFailedNavigation, loadMore, useSession } from '@openstall/app'

export function makeRouter() {
  /** Pages that few open first, all of selling among them, are named when one of them is asked for. */
  async function more(to: RouteLocationNormalized) {
    const { pages } = await import('./sellRoutes')
    router.removeRoute('more')
    for (const page of pages) router.addRoute(page)
    return to.fullPath
  }
  const router = createRouter({
    history: createWebHistory(),
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
    routes: [
      { path: '/shows/:id', name: 'room', component: () => import('./features/room/RoomPage.vue'), props: true, meta: { dark: true } },
      { path: '/', component: () => import('./features/market/HomePage.vue') },
      { path: '/market', component: () => import('./features/market/MarketPage.vue') },
      { path: '/search', component: () => import('./features/search/SearchPage.vue') },
      { path: '/people/:id', component: () => import('./features/people/PersonPage.vue'), props: true },
      { path: '/topics/:topic', component: () => import('./features/people/TopicPage.vue'), props: true },
      { path: '/me/friends', component: () => import('./features/people/FriendsPage.vue'), meta: { signedIn: true } },
      { path: '/me/favourites', component: () => import('./features/people/FavouritesPage.vue'), meta: { signedIn: true } },
      { path: '/cart', component: () => import('./features/cart/pages').then((m) => m.CartPage) },
      { path: '/cart/checkout', component: () => import('./features/cart/pages').then((m) => m.CheckoutPage), meta: { signedIn: true } },
      { path: '/me/coupons', component: () => import('./features/coupon/CouponsPage.vue'), meta: { signedIn: true } },
      { path: '/me/inbox', component: () => import('./features/people/InboxPage.vue'), meta: { signedIn: true } },
      { path: '/me/privacy', component: () => import('./features/people/PrivacyPage.vue'), meta: { signedIn: true } },
      { path: '/shops/:slug', component: () => import('./features/market/ShopPage.vue'), props: true },
      { path: '/products/:id', component: () => import('./features/market/ProductPage.vue'), props: true },
      { path: '/videos/:id', component: () => import('./features/video/VideoPage.vue'), props: true, meta: { dark: true } },
      { path: '/series/:id', component: () => import('./features/video/SeriesPage.vue'), props: true },
      { path: '/fees', component: () => import('./features/market/FeesPage.vue') },
      { path: '/discover', component: () => import('./features/discover/DiscoverPage.vue'), meta: { dark: true } },
      { path: '/discover/settings', component: () => import('./features/discover/SettingsPage.vue') },
      { path: '/discover/how', component: () => import('./features/discover/HowPage.vue') },
      { path: '/discover/fairness', component: () => import('./features/discover/FairnessPage.vue') },
      { path: '/me/courses/:id?', component: () => import('./features/course/LearnPage.vue'), props: true, meta: { signedIn: true } },
      { path: '/orders', component: () => import('./features/order/OrdersPage.vue'), meta: { signedIn: true } },
      { path: '/orders/grp_:rest', redirect: '/orders' },
      { path: '/orders/:id', component: () => import('./features/order/OrderPage.vue'), props: true, meta: { signedIn: true } },
      { path: '/orders/:id/receipt', component: () => import('./features/order/ReceiptPage.vue'), props: true, meta: { signedIn: true } },
      { path: '/orders/:id/problem', component: () => import('./features/aftersale/ProblemPage.vue'), props: true, meta: { signedIn: true } },
      { path: '/orders/:id/review', component: () => import('./features/review/ReviewPage.vue'), props: true, meta: { signedIn: true } },
      { path: '/cases/:id', component: () => import('./features/aftersale/CasePage.vue'), props: true, meta: { signedIn: true } },
      { path: '/claims/:id', component: () => import('./features/claim/ClaimPage.vue'), props: true, meta: { signedIn: true } },
      { path: '/sign-in', name: 'sign-in', component: () => import('./features/account/SignInPage.vue') },
      { path: '/stop/:token', component: () => import('./features/account/StopPage.vue'), props: true },
      { path: '/stop-shop/:token', component: () => import('./features/account/StopShopPage.vue'), props: true },
      { path: '/me', component: () => import('./features/account/MePage.vue') },
      { path: '/me/devices', component: () => import('./features/account/DevicesPage.vue'), meta: { signedIn: true } },
      { path: '/me/addresses', component: () => import('./features/account/AddressesPage.vue'), meta: { signedIn: true } },
      { path: '/me/preferences', component: () => import('./features/account/PreferencesPage.vue'), meta: { signedIn: true } },
      { path: '/me/shop-messages', component: () => import('./features/account/ShopMessagesPage.vue'), meta: { signedIn: true } },
      { path: '/me/notices', component: () => import('./features/account/NoticesPage.vue'), meta: { signedIn: true } },
      { path: '/:rest(.*)*', name: 'more', component: {}, beforeEnter: more },
    ],
  })
  router.beforeEach(async (to) => {
    if (to.name !== 'room') await loadMore()
    if (!to.meta.signedIn) return true
    const session = useSession()
    await session.load()
    return session.person ? true : { name: 'sign-in', query: { back: to.fullPath } }
  })
  explainFailedNavigation(router)
  router.afterEach((to) => setTheme(to.meta.dark ? 'dark' : 'system'))
  return router
}
