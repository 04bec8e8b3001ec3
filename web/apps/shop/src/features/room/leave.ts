import type { Router } from 'vue-router'

/** Back where the viewer came from, or home when the room was opened by a link. */
export function leave(router: Router): void {
  if (history.state?.back) router.back()
  else void router.push('/')
}
