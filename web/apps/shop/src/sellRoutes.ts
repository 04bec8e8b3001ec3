import type { RouteRecordRaw } from 'vue-router'

const own = { signedIn: true }

/** The pages of who sells, and others that few open first. */
export const pages: RouteRecordRaw[] = [
  { path: '/me/leads', component: () => import('./features/lead/MyLeadsPage.vue'), meta: own },
  { path: '/g/:code', component: () => import('./features/group/GroupPage.vue'), props: true },
  { path: '/sell', component: () => import('./features/sell/SellPage.vue'), meta: own },
  { path: '/sell/:shop', component: () => import('./features/sell/ShopHomePage.vue'), meta: own },
  { path: '/sell/:shop/profile', component: () => import('./features/sell/ProfilePage.vue'), meta: own },
  { path: '/sell/:shop/stock', component: () => import('./features/sell/StockPage.vue'), meta: own },
  { path: '/sell/:shop/products', component: () => import('./features/sell/ProductsPage.vue'), meta: own },
  { path: '/sell/:shop/products/:product/lessons', component: () => import('./features/course/LessonsPage.vue'), props: true, meta: own },
  { path: '/sell/:shop/pickup', component: () => import('./features/sell/PickupPage.vue'), meta: own },
  { path: '/sell/:shop/licence', component: () => import('./features/sell/LicencePage.vue'), meta: own },
  { path: '/sell/:shop/stream-key', component: () => import('./features/sell/StreamKeyPage.vue'), meta: own },
  { path: '/sell/:shop/hand-over', component: () => import('./features/sell/HandOverPage.vue'), meta: own },
  { path: '/sell/:shop/leads/:lead?', component: () => import('./features/lead/ShopLeadsPage.vue'), props: true, meta: own },
  { path: '/sell/:shop/money', component: () => import('./features/sell/MoneyPage.vue'), meta: own },
  { path: '/sell/:shop/promotions', component: () => import('./features/sell/PromotionsPage.vue'), meta: own },
  { path: '/sell/:shop/groups', component: () => import('./features/sell/GroupsPage.vue'), meta: own },
  { path: '/sell/:shop/cases', component: () => import('./features/aftersale/ShopCasesPage.vue'), meta: own },
  { path: '/sell/:shop/cases/:case', component: () => import('./features/aftersale/ShopCasePage.vue'), props: true, meta: own },
  { path: '/sell/:shop/reviews', component: () => import('./features/review/ShopReviewsPage.vue'), meta: own },
  { path: '/sell/:shop/videos', component: () => import('./features/video/VideosPage.vue'), meta: own },
  { path: '/sell/:shop/videos/new', component: () => import('./features/video/PostVideoPage.vue'), meta: own },
  { path: '/sell/:shop/series', component: () => import('./features/video/MySeriesPage.vue'), meta: own },
  { path: '/sell/:shop/series/:series', component: () => import('./features/video/EditSeriesPage.vue'), props: true, meta: own },
  { path: '/sell/:shop/photos/new', component: () => import('./features/video/PostPhotosPage.vue'), meta: own },
  { path: '/sell/:shop/videos/:video', component: () => import('./features/video/EditVideoPage.vue'), props: true, meta: own },
  { path: '/sell/:shop/shows', component: () => import('./features/sell/ShowsPage.vue'), meta: own },
  { path: '/sell/:shop/shows/:show', component: () => import('./features/sell/ShowPage.vue'), props: true, meta: own },
  { path: '/sell/:shop/shows/:show/poster', component: () => import('./features/sell/PosterPage.vue'), props: true, meta: own },
  { path: '/sell/:shop/shows/:show/clip', component: () => import('./features/video/ClipPage.vue'), props: true, meta: own },
  { path: '/sell/:shop/shows/:show/report', component: () => import('./features/sell/ReportPage.vue'), props: true, meta: own },
  { path: '/sell/:shop/shows/:show/host', component: () => import('./features/sell/HostPage.vue'), props: true, meta: { ...own, dark: true } },
  { path: '/:nothing(.*)*', component: () => import('./features/market/NothingPage.vue') },
]
