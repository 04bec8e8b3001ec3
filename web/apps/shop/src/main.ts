import '@openstall/ui/tokens.css'
import '@openstall/ui/base.css'
import './app.css'
// Before the router: an open sheet takes the back button first.
import '@openstall/ui'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { i18n, startLanguage, useLanguages } from '@openstall/app'
import App from './App.vue'
import { makeRouter } from './router'

// The room's words come first, so that its first load stays small.
useLanguages({
  en: { first: () => import('./locales/en'), more: () => import('./locales/en.more') },
  zh: { first: () => import('./locales/zh'), more: () => import('./locales/zh.more') },
})
await startLanguage()
createApp(App).use(createPinia()).use(i18n).use(makeRouter()).mount('#app')

if (import.meta.env.PROD && 'serviceWorker' in navigator) void navigator.serviceWorker.register('/sw.js')
