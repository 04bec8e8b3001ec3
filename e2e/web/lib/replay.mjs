/** The recording of a show as players get it: how long it plays, and how many gaps are marked in it. */
export async function playlist(server, show) {
  const get = async (path) => {
    const res = await fetch(server.origin + path)
    if (!res.ok) throw new Error(`${path} answered ${res.status}`)
    return res.text()
  }
  const base = `/replay/${show.id}/`
  const master = await get(base + 'index.m3u8')
  const first = master.split('\n').find((l) => l && !l.startsWith('#'))
  const media = master.includes('#EXTINF') ? master : await get(new URL(first, 'http://x' + base).pathname)
  return {
    seconds: [...media.matchAll(/#EXTINF:([\d.]+)/g)].reduce((sum, m) => sum + Number(m[1]), 0),
    gaps: media.split('#EXT-X-DISCONTINUITY\n').length - 1,
  }
}
