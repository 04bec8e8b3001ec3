import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'
import { devProxy, flags, slimI18n } from '../../scripts/vite-shared.ts'
import { serviceWorker } from '../../scripts/service-worker.ts'

export default defineConfig({
  plugins: [vue(), slimI18n(), serviceWorker()],
  define: flags,
  build: { outDir: '../../dist/shop', emptyOutDir: true, manifest: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  // The console has a dev server of its own; both are reached through this one, so that they share the sign-in.
  server: { port: 5173, strictPort: true, proxy: { ...devProxy, '/console': { target: 'http://localhost:5174', ws: true } } },
})
