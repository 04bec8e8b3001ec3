import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { until } from './until.mjs'

/** A film as a phone makes it, standing and with sound; noise makes it as large as `kbps` says, `picture` is another source of ffmpeg. Returns where it lies. */
export async function film(folder, { seconds = 6, name = 'film.mp4', kbps = 600, noise = 0, picture = 'testsrc2=s=360x640:r=25' } = {}) {
  const to = join(folder, name)
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', `${picture}${noise ? `,noise=alls=${noise}:allf=t` : ''}`, '-f', 'lavfi', '-i', `sine=f=440`, '-t', String(seconds),
    '-c:v', 'libx264', '-preset', 'ultrafast', '-b:v', `${kbps}k`, '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-movflags', '+faststart', to])
  return to
}

/** Posts and publishes a film of a stall through the API; returns the id of the video when everybody can watch it. */
export async function postVideo({ owner, base }, file, said = {}) {
  const bytes = await readFile(file)
  const tus = { 'Tus-Resumable': '1.0.0' }
  const made = await owner.call('POST', '/v1/uploads', { headers: { ...tus, 'Upload-Length': String(bytes.length) } })
  const path = new URL(made.headers.get('Location'), owner.server.origin).pathname
  await owner.call('PATCH', path, { raw: bytes, headers: { ...tus, 'Upload-Offset': '0', 'Content-Type': 'application/offset+octet-stream' } })
  const { id } = await owner.post(`${base}/videos`, { upload: path.split('/').at(-1), ...said })
  await owner.post(`${base}/videos/${id}/publish`)
  await until(`the film of ${id}`, async () => {
    const v = await owner.get(`${base}/videos/${id}`)
    if (v.state === 'failed') throw new Error(v.problem)
    return v.state === 'published'
  }, 120_000, 250)
  return id
}

/** A photo as a JPEG; `picture` is a source of ffmpeg. Returns where it lies. */
export async function still(folder, name, picture = 'testsrc2=s=1200x900') {
  const to = join(folder, name)
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', picture, '-frames:v', '1', to])
  return to
}

/** Posts and publishes photos of a stall through the API; returns the id. */
export async function postPhotos({ owner, base }, files, said = {}) {
  const photos = []
  for (const file of files) {
    const body = new FormData()
    body.append('file', new Blob([await readFile(file)]), 'photo.jpg')
    photos.push((await owner.call('POST', `${base}/images`, { body })).body.id)
  }
  const { id } = await owner.post(`${base}/videos`, { photos, ...said })
  await owner.post(`${base}/videos/${id}/publish`)
  return id
}
