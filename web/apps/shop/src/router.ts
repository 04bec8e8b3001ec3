import { createRouter, createWebHistory } from 'vue-router'
import { setTheme } from '@openstall/ui'
import { explainFailedNavigation, loadMore, useSession } from '@openstall/app'

export function makeRouter() {
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
      { path: '/me/inbox', component: () => import('./features/people/InboxPage.vue'), meta: { signedIn: true } },
      { path: '/me/privacy', component: () => import('./features/people/PrivacyPage.vue'), meta: { signedIn: true } },
      { path: '/shops/:slug', component: () => import('./features/market/ShopPage.vue'), props: true },
      { path: '/products/:id', component: () => import('./features/market/ProductPage.vue'), props: true },
      { path: '/videos/:id', component: () => import('./features/video/VideoPage.vue'), props: true, meta: { dark: true } },
      { path: '/series/:id', component: () => import('./features/video/SeriesPage.vue'), props: true },
      { path: '/discover', component: () => import('./features/discover/DiscoverPage.vue'), meta: { dark: true } },
      { path: '/discover/settings', component: () => import('./features/discover/SettingsPage.vue') },
      { path: '/discover/how', component: () => import('./features/discover/HowPage.vue') },
      { path: '/discover/fairness', component: () => import('./features/discover/FairnessPage.vue') },
      { path: '/orders', component: () => import('./features/order/OrdersPage.vue'), meta: { signedIn: true } },
      { path: '/orders/:id', component: () => import('./features/order/OrderPage.vue'), props: true, meta: { signedIn: true } },
      { path: '/orders/:id/receipt', component: () => import('./features/order/ReceiptPage.vue'), props: true, meta: { signedIn: true } },
      { path: '/sign-in', name: 'sign-in', component: () => import('./features/account/SignInPage.vue') },
      { path: '/stop/:token', component: () => import('./features/account/StopPage.vue'), props: true },
      { path: '/stop-shop/:token', component: () => import('./features/account/StopShopPage.vue'), props: true },
      { path: '/me', component: () => import('./features/account/MePage.vue') },
      { path: '/me/devices', component: () => import('./features/account/DevicesPage.vue'), meta: { signedIn: true } },
      { path: '/me/addresses', component: () => import('./features/account/AddressesPage.vue'), meta: { signedIn: true } },
      { path: '/me/preferences', component: () => import('./features/account/PreferencesPage.vue'), meta: { signedIn: true } },
      { path: '/me/shop-messages', component: () => import('./features/account/ShopMessagesPage.vue'), meta: { signedIn: true } },
      { path: '/me/notices', component: () => import('./features/account/NoticesPage.vue'), meta: { signedIn: true } },
      { path: '/sell', component: () => import('./features/sell/SellPage.vue'), meta: { signedIn: true } },
      { path: '/sell/:shop', component: () => import('./features/sell/ShopHomePage.vue'), meta: { signedIn: true } },
      { path: '/sell/:shop/profile', component: () => import('./features/sell/ProfilePage.vue'), meta: { signedIn: true } },
      { path: '/sell/:shop/stock', component: () => import('./features/sell/StockPage.vue'), meta: { signedIn: true } },
      { path: '/sell/:shop/products', component: () => import('./features/sell/ProductsPage.vue'), meta: { signedIn: true } },
      { path: '/sell/:shop/pickup', component: () => import('./features/sell/PickupPage.vue'), meta: { signedIn: true } },
      { path: '/sell/:shop/licence', component: () => import('./features/sell/LicencePage.vue'), meta: { signedIn: true } },
      { path: '/sell/:shop/stream-key', component: () => import('./features/sell/StreamKeyPage.vue'), meta: { signedIn: true } },
      { path: '/sell/:shop/hand-over', component: () => import('./features/sell/HandOverPage.vue'), meta: { signedIn: true } },
      { path: '/sell/:shop/videos', component: () => import('./features/video/VideosPage.vue'), meta: { signedIn: true } },
      { path: '/sell/:shop/videos/new', component: () => import('./features/video/PostVideoPage.vue'), meta: { signedIn: true } },
      { path: '/sell/:shop/series', component: () => import('./features/video/MySeriesPage.vue'), meta: { signedIn: true } },
      { path: '/sell/:shop/series/:series', component: () => import('./features/video/EditSeriesPage.vue'), props: true, meta: { signedIn: true } },
      { path: '/sell/:shop/photos/new', component: () => import('./features/video/PostPhotosPage.vue'), meta: { signedIn: true } },
      { path: '/sell/:shop/videos/:video', component: () => import('./features/video/EditVideoPage.vue'), props: true, meta: { signedIn: true } },
      { path: '/sell/:shop/shows', component: () => import('./features/sell/ShowsPage.vue'), meta: { signedIn: true } },
      { path: '/sell/:shop/shows/:show', component: () => import('./features/sell/ShowPage.vue'), props: true, meta: { signedIn: true } },
      { path: '/sell/:shop/shows/:show/poster', component: () => import('./features/sell/PosterPage.vue'), props: true, meta: { signedIn: true } },
      { path: '/sell/:shop/shows/:show/clip', component: () => import('./features/video/ClipPage.vue'), props: true, meta: { signedIn: true } },
      { path: '/sell/:shop/shows/:show/report', component: () => import('./features/sell/ReportPage.vue'), props: true, meta: { signedIn: true } },
      { path: '/sell/:shop/shows/:show/host', component: () => import('./features/sell/HostPage.vue'), props: true, meta: { signedIn: true, dark: true } },
      { path: '/:nothing(.*)*', component: () => import('./features/market/NothingPage.vue') },
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
