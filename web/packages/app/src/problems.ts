import { useI18n } from 'vue-i18n'
import { ApiError, OfflineError } from '@openstall/api'

/** An error as a sentence: our own words for its code, else the server's words for a person. */
export function useProblem() {
  const { t, te } = useI18n()
  return (error: unknown): string => {
    if (error instanceof OfflineError) return t('ui.offline')
    if (error instanceof ApiError) {
      const key = `problem.${error.code.replace(/\./g, '_')}`
      if (error.code && te(key)) return t(key)
      if (error.status < 500 && error.detail) return error.detail
      return error.requestId ? `${t('ui.fault')} (${t('ui.code', { code: error.requestId.slice(-8) })})` : t('ui.fault')
    }
    return t('ui.fault')
  }
}
