const target = process.env.OPENSTALL_DEV ?? 'http://localhost:8080'

/** Where a dev server sends what the Openstall binary answers. */
export const devProxy = {
  ...Object.fromEntries(['/live', '/replay', '/whip', '/poster', '/img', '/pay', '/s/'].map((path) => [path, { target }])),
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
