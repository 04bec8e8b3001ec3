import { expect, it } from 'vitest'
import { lineState, preferH264 } from './whip'

it('offers H.264 first and keeps the order of the others', () => {
  const codecs = ['video/VP8', 'video/rtx', 'video/H264', 'video/AV1', 'video/h264'].map((mimeType) => ({ mimeType }))
  expect(preferH264(codecs).map((c) => c.mimeType)).toEqual(['video/H264', 'video/h264', 'video/VP8', 'video/AV1', 'video/rtx'])
})

it('calls a line weak when more than eight packets in a hundred are missed', () => {
  expect([0, 0.08, 0.09].map(lineState)).toEqual(['live', 'live', 'weak'])
})
