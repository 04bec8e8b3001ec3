import { useI18n } from 'vue-i18n'
import { ApiError, OfflineError } from '@openstall/api'

/** An error as a sentence: the server's words, which come in the reader's language, unless it does not know itself what went wrong. */
export function useProblem() {
  const { t } = useI18n()
  return (error: unknown): string => {
    if (error instanceof OfflineError) return t('ui.offline')
    if (!(error instanceof ApiError)) return t('ui.fault')
    if (error.status !== 500 && error.code && error.detail) return error.detail
    return error.requestId ? `${t('ui.fault')} (${t('ui.code', { code: error.requestId.slice(-8) })})` : t('ui.fault')
  }
}
