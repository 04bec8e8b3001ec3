import '@openstall/ui/tokens.css'
import '@openstall/ui/base.css'
import './app.css'
// Before the router: an open sheet takes the back button first.
import '@openstall/ui'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './App.vue'
import { i18n, startLanguage } from './i18n'
import { makeRouter } from './router'

await startLanguage()
createApp(App).use(createPinia()).use(i18n).use(makeRouter()).mount('#app')

if (import.meta.env.PROD && 'serviceWorker' in navigator) void navigator.serviceWorker.register('/sw.js')
