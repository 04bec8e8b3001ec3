import type { Router } from 'vue-router'
import { say } from '@openstall/ui'
import { i18n } from './language'

const TRIED = 'os.navigation.tried'

/**
 * Says why a tap led nowhere. A page's code is fetched when it is first opened: without a line that fails, and after a
 * new release the old code is gone, which loading the whole page mends. It is loaded once per address, so that a broken
 * release cannot turn into a loop.
 */
export function explainFailedNavigation(router: Router): void {
  router.onError((error, to) => {
    console.info('navigation failed:', error)
    const address = router.resolve(to.fullPath).href
    if (!navigator.onLine) say(i18n.global.t('ui.offlinePage'))
    else if (sessionStorage.getItem(TRIED) === address) say(i18n.global.t('ui.fault'))
    else {
      sessionStorage.setItem(TRIED, address)
      location.assign(address)
    }
  })
  router.afterEach((_to, _from, failure) => {
    if (!failure) sessionStorage.removeItem(TRIED)
  })
}
