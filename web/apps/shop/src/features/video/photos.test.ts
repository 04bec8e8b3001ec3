import { effectScope } from 'vue'
import { describe, expect, it, vi } from 'vitest'
import type { Image } from '@openstall/api'
import { moved, usePhotos } from './usePhotos'

const image = (id: string): Image => ({ id, url: `/img/${id}`, width: 4, height: 3, color: '#000000' })
const blob = () => new Blob(['x'])

function photos(send: (file: Blob) => Promise<Image>) {
  vi.stubGlobal('createImageBitmap', () => Promise.reject(new Error('no canvas here')))
  return effectScope().run(() => usePhotos(send))!
}

describe('photos of a note', () => {
  it('takes nine and no more', async () => {
    let n = 0
    const p = photos(() => Promise.resolve(image(`i${++n}`)))
    p.add(Array.from({ length: 7 }, blob))
    p.add(Array.from({ length: 7 }, blob))
    await p.settled()
    expect(p.ids.value).toEqual(['i1', 'i2', 'i3', 'i4', 'i5', 'i6', 'i7', 'i8', 'i9'])
    expect(p.whole.value).toBe(true)
  })

  it('one that does not arrive can be sent again, in its place', async () => {
    let fails = true
    let n = 0
    const p = photos(() => (++n === 1 && fails ? Promise.reject(new Error('line')) : Promise.resolve(image(`i${n}`))))
    p.add([blob(), blob()])
    await p.settled()
    expect(p.whole.value).toBe(false)
    fails = false
    p.again(p.photos.value[0]!.key)
    await p.settled()
    expect(p.ids.value).toEqual(['i3', 'i2'])
  })

  it('one that is dropped on its way is not in the note', async () => {
    let arrive!: (i: Image) => void
    const p = photos(() => new Promise((go) => (arrive = go)))
    p.add([blob()])
    await vi.waitFor(() => expect(arrive).toBeDefined())
    p.drop(p.photos.value[0]!.key)
    arrive(image('i1'))
    await p.settled()
    expect(p.ids.value).toEqual([])
  })

  it('moves by one place and not beyond the ends', () => {
    expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c'])
    expect(moved(['a', 'b', 'c'], 2, -1)).toEqual(['a', 'c', 'b'])
    expect(moved(['a', 'b', 'c'], 2, 1)).toEqual(['a', 'b', 'c'])
    expect(moved(['a', 'b', 'c'], 0, -1)).toEqual(['a', 'b', 'c'])
  })
})
