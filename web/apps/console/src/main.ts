import 'element-plus/theme-chalk/base.css'
import 'element-plus/theme-chalk/el-table.css'
import 'element-plus/theme-chalk/el-table-column.css'
import 'element-plus/theme-chalk/el-scrollbar.css'
import 'element-plus/theme-chalk/el-overlay.css'
import 'element-plus/theme-chalk/el-drawer.css'
import '@openstall/ui/tokens.css'
import '@openstall/ui/base.css'
import './console.css'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { i18n, startLanguage, useLanguages } from '@openstall/app'
import { setTheme } from '@openstall/ui'
import App from './App.vue'
import { makeRouter } from './router'

useLanguages({ en: { first: () => import('./locales/en') }, zh: { first: () => import('./locales/zh') } })
setTheme(localStorage.getItem('os.console.theme') === 'dark' ? 'dark' : 'light')
await startLanguage()
createApp(App).use(createPinia()).use(i18n).use(makeRouter()).mount('#app')
