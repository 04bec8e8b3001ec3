import { expect, it } from 'vitest'
import { beginAt, lineState, preferH264 } from './whip'

it('offers H.264 first and keeps the order of the others', () => {
  const codecs = ['video/VP8', 'video/rtx', 'video/H264', 'video/AV1', 'video/h264'].map((mimeType) => ({ mimeType }))
  expect(preferH264(codecs).map((c) => c.mimeType)).toEqual(['video/H264', 'video/h264', 'video/VP8', 'video/AV1', 'video/rtx'])
})

it('calls a line weak when more than eight packets in a hundred are missed', () => {
  expect([0, 0.08, 0.09].map(lineState)).toEqual(['live', 'live', 'weak'])
})

it('asks for a full rate from the start, of the picture alone', () => {
  const sound = 'a=fmtp:111 minptime=10;useinbandfec=1\r\n'
  const picture = 'a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f'
  expect(beginAt(1200, sound + picture + '\r\n')).toBe(sound + picture + ';x-google-start-bitrate=1200\r\n')
})
