import { ref, shallowRef, type Ref } from 'vue'
import { ApiError, type Video } from '@openstall/api'
import { say } from '@openstall/ui'
import { api, useProblem } from '@openstall/app'

let asked = false
/** Whether friends may see likes is asked once; closing the question puts it off to another visit. */
async function mustAsk(): Promise<boolean> {
  if (asked) return false
  asked = true
  return (await api.privacy().catch(() => undefined))?.likes_visible === 'unset'
}

/** What a viewer does with a video beside buying. What needs a name opens the sign-in and is done after it. */
export function useVideo(video: Readonly<Ref<Video>>) {
  const problem = useProblem()
  const liked = ref(video.value.liked)
  const likes = ref(video.value.likes)
  const favourite = ref(video.value.favourite)
  const following = ref(video.value.following)
  const asksLikes = ref(false)
  const needsName = ref(false)
  const after = shallowRef<() => void>()

  async function attempt(work: () => Promise<void>) {
    try {
      await work()
    } catch (e) {
      if (e instanceof ApiError && e.status === 401) {
        after.value = () => void attempt(work)
        needsName.value = true
      } else say(problem(e))
    }
  }
  const like = () =>
    attempt(async () => {
      const now = await api.likeVideo(video.value.id, !liked.value)
      liked.value = now.liked
      likes.value = now.likes
      if (now.liked) asksLikes.value = await mustAsk()
    })
  const keep = () =>
    attempt(async () => {
      favourite.value = (await api.keepVideo(video.value.id, !favourite.value)).favourite
    })
  const follow = (on: boolean) =>
    attempt(async () => {
      following.value = (await api.follow(video.value.shop.id, on)).following
    })
  function named() {
    needsName.value = false
    after.value?.()
    after.value = undefined
  }
  return { liked, likes, favourite, following, needsName, asksLikes, like, keep, follow, named }
}
