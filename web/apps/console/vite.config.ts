import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'
import { devProxy, flags, slimI18n } from '../../scripts/vite-shared.ts'

export default defineConfig({
  base: '/console/',
  plugins: [vue(), slimI18n()],
  define: flags,
  // ECharts is one page's and comes only with it.
  build: { outDir: '../../dist/console', emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 700 },
  server: { port: 5174, strictPort: true, proxy: devProxy },
})
