import type { Plugin } from 'vite'

const target = process.env.OPENSTALL_DEV ?? 'http://localhost:8080'

/** Where a dev server sends what the Openstall binary answers. */
export const devProxy = {
  ...Object.fromEntries(['/live', '/replay', '/media', '/whip', '/poster', '/img', '/pay', '/outbox', '/s/', '/healthz'].map((path) => [path, { target }])),
  '/v1': { target, ws: true },
}

/** Switches for vue and vue-i18n that leave out what we do not use. */
export const flags = {
  __VUE_OPTIONS_API__: 'false',
  __VUE_PROD_DEVTOOLS__: 'false',
  __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
  __VUE_I18N_FULL_INSTALL__: 'false',
  __VUE_I18N_LEGACY_API__: 'false',
  __INTLIFY_PROD_DEVTOOLS__: 'false',
}

/**
 * vue-i18n reads one function out of the whole `vue` namespace, which makes the bundler keep all of Vue. The room's
 * first load is 7 kB smaller when it asks for that function by name. A release without the two lines fails the build.
 */
export function slimI18n(): Plugin {
  return {
    name: 'openstall-slim-i18n',
    apply: 'build',
    transform(code, id) {
      if (!id.endsWith('/vue-i18n/dist/vue-i18n.mjs')) return undefined
      const slim = code
        .replace("import * as Vue from 'vue';", "import { getCurrentInstance as vueInstance } from 'vue';")
        .replace(/const key = 'currentInstance';\s*if \(key in Vue\) \{\s*return Vue\[key\];\s*\}\s*else \{\s*return Vue\.getCurrentInstance\(\);\s*\}/, 'return vueInstance();')
      if (/\bVue\b[.[]/.test(slim.replace(/\/[/*].*/g, ''))) this.error('vue-i18n still reads the vue namespace')
      return { code: slim, map: null }
    },
  }
}
