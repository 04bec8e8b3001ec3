import { spawn } from 'node:child_process'

/** An encoder at the stall: real ffmpeg, portrait picture and a tone, a keyframe each second, over RTMP. */
export class Publisher {
  stderr = ''

  static start(t, server, key, { seconds = 300 } = {}) {
    const p = new Publisher()
    p.child = spawn('ffmpeg', ['-hide_banner', '-nostdin', '-v', 'error', '-re',
      '-f', 'lavfi', '-i', 'testsrc2=s=360x640:r=25', '-f', 'lavfi', '-i', 'sine=440',
      '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '25', '-b:v', '600k', '-pix_fmt', 'yuv420p',
      '-c:a', 'aac', '-b:a', '64k', '-t', String(seconds), '-f', 'flv', server.rtmpURL + key], { stdio: ['ignore', 'ignore', 'pipe'] })
    p.child.stderr.on('data', (b) => (p.stderr += b))
    p.ended = new Promise((go) => p.child.once('exit', go))
    t.after(() => p.cut())
    return p
  }

  /** Takes the line away without a good-bye. */
  async cut() {
    this.child.kill('SIGKILL')
    await this.ended
  }
}
