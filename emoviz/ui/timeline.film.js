// Pictures of the recording for a lane, taken by the browser from the player's file, one after the other.

const RESTS = 300 // milliseconds after which pictures of another part are taken
const KEPT = 400 // pictures that are kept

class Film {
  constructor(arrived) {
    this.arrived = arrived
    this.pictures = new Map() // by the second that they are of
    this.wanted = []
  }

  of(url) {
    if (url === this.url) return
    this.url = url
    this.pictures.clear()
    this.wanted = []
    clearTimeout(this.resting)
    this.video?.removeAttribute("src")
    this.video = url && Object.assign(document.createElement("video"), { muted: true, preload: "auto", src: url })
    this.video?.addEventListener("loadedmetadata", () => this.arrived())
    this.video?.addEventListener("seeked", () => this.take())
  }

  // The pictures of a part side by side; those that are not there yet are asked for.
  strip(scale) {
    const { videoWidth, videoHeight, duration } = this.video ?? {}
    if (!videoWidth || !Number.isFinite(duration)) return []
    const wide = Math.max(24, (scale.height * videoWidth) / videoHeight) * scale.perPixel
    const step = 2 ** Math.ceil(Math.log2(wide) * 4) / 2 ** 4 || wide // zooming by a little keeps the pictures
    const length = Math.max(wide, step)
    const slots = []
    for (let k = Math.floor(scale.from / length); k * length < Math.min(scale.to, duration); k++) {
      slots.push({ from: k * length, to: k * length + wide, at: Math.min((k + 0.5) * length, duration - 0.05) })
    }
    const missing = slots.map(({ at }) => at).filter((at) => !this.pictures.has(at.toFixed(2)))
    clearTimeout(this.resting)
    if (missing.length) this.resting = setTimeout(() => this.ask(missing, [videoWidth, videoHeight], scale.height), RESTS)
    return slots.flatMap(({ from, to, at }) => {
      const picture = this.pictures.get(at.toFixed(2))
      return picture ? [{ picture, from, to, sx: 0, sw: picture.width }] : []
    })
  }

  ask(times, [width, height], high) {
    this.wanted = times
    this.size = [Math.round((2 * high * width) / height), 2 * high]
    if (!this.video.seeking) this.next()
  }

  next() {
    if (this.wanted.length && this.video) this.video.currentTime = this.asked = this.wanted.shift()
  }

  take() {
    if (!this.video || this.asked === undefined) return
    const picture = Object.assign(document.createElement("canvas"), { width: this.size[0], height: this.size[1] })
    picture.getContext("2d").drawImage(this.video, 0, 0, ...this.size)
    this.pictures.set(this.asked.toFixed(2), picture)
    if (this.pictures.size > KEPT) this.pictures.delete(this.pictures.keys().next().value)
    this.asked = undefined
    this.arrived()
    this.next()
  }
}
