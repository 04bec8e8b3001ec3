import { computed, onScopeDispose, ref } from 'vue'
import type { Image } from '@openstall/api'
import { shrinkPhoto } from '@openstall/selling'

/** A photo of a note: shown at `url`, and the server's `id` as soon as it is there. */
export type Photo = { key: number; url: string; file?: Blob; id?: string; failed?: unknown }

export const MOST = 9

/** Photos in the order of a note, each sent as soon as it is chosen, one after the other. */
export function usePhotos(send: (file: Blob) => Promise<Image>) {
  const photos = ref<Photo[]>([])
  const room = computed(() => MOST - photos.value.length)
  const sending = computed(() => photos.value.some((p) => !p.id && !p.failed))
  const ids = computed(() => photos.value.flatMap((p) => p.id ?? []))
  const whole = computed(() => photos.value.length > 0 && ids.value.length === photos.value.length)
  let keys = 0
  let line: Promise<unknown> = Promise.resolve()

  const find = (key: number) => photos.value.find((p) => p.key === key)
  function queue(key: number) {
    line = line.then(async () => {
      const p = find(key)
      if (!p?.file || p.id) return
      try {
        const image = await send(await shrinkPhoto(p.file))
        const there = find(key)
        if (there) there.id = image.id
      } catch (e) {
        const there = find(key)
        if (there) there.failed = e
      }
    })
  }
  function add(files: readonly Blob[]) {
    for (const file of files.slice(0, room.value)) {
      const key = ++keys
      photos.value.push({ key, url: URL.createObjectURL(file), file })
      queue(key)
    }
  }
  function again(key: number) {
    const p = find(key)
    if (!p) return
    p.failed = undefined
    queue(key)
  }
  function drop(key: number) {
    const p = find(key)
    if (p?.file) URL.revokeObjectURL(p.url)
    photos.value = photos.value.filter((x) => x.key !== key)
  }
  function move(key: number, step: 1 | -1) {
    photos.value = moved(photos.value, photos.value.findIndex((p) => p.key === key), step)
  }
  /** Begins with photos that are there already. */
  function start(images: readonly Image[]) {
    photos.value = images.map((i) => ({ key: ++keys, url: `${i.url}?w=480`, id: i.id }))
  }
  /** Settled when no photo is on its way any more. */
  const settled = async () => {
    for (let now; now !== line; ) await (now = line)
  }
  onScopeDispose(() => photos.value.forEach((p) => p.file && URL.revokeObjectURL(p.url)))
  return { photos, room, sending, ids, whole, add, again, drop, move, start, settled }
}

/** The list with one thing a place further; beyond the ends nothing moves. */
export function moved<T>(list: readonly T[], at: number, step: 1 | -1): T[] {
  const to = at + step
  if (at < 0 || to < 0 || to >= list.length) return [...list]
  const out = [...list]
  out.splice(to, 0, ...out.splice(at, 1))
  return out
}
