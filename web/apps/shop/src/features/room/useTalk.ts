import { ref, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { ApiError, type Comment, type Show } from '@openstall/api'
import { say } from '@openstall/ui'
import { api, useProblem } from '@openstall/app'
import { shareLink } from '../../shared/share'

/** What a viewer does in a room beside buying: ask, follow, share. Asking needs a name; `needsName` opens the sign-in. */
export function useTalk(show: Show, echo: (c: Comment) => void) {
  const { t } = useI18n()
  const problem = useProblem()
  const text = ref('')
  const busy = ref(false)
  const needsName = ref(false)
  const claim = shallowRef<Comment['claim']>()
  const following = ref(show.following)

  async function ask(words: string) {
    busy.value = true
    try {
      const said = await api.comment(show.id, words)
      echo({ ...said, mine: true })
      text.value = ''
      claim.value = said.claim ?? claim.value
    } catch (e) {
      if (e instanceof ApiError && e.status === 401) {
        text.value = words
        needsName.value = true
      } else say(problem(e))
    } finally {
      busy.value = false
    }
  }
  async function named() {
    needsName.value = false
    if (text.value.trim()) await ask(text.value.trim())
  }
  async function follow(on: boolean) {
    following.value = on
    try {
      following.value = (await api.follow(show.shop.id, on)).following
    } catch (e) {
      following.value = !on
      if (e instanceof ApiError && e.status === 401) needsName.value = true
      else say(problem(e))
    }
  }
  async function share(title: string) {
    try {
      if ((await shareLink('show', show.id, title)) === 'copied') say(t('room.copied'))
    } catch (e) {
      say(problem(e))
    }
  }
  return { text, busy, needsName, claim, following, ask, named, follow, share }
}
