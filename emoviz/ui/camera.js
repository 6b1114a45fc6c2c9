// Records picture and sound, and sends each part as soon as the browser has it: nothing is left to send at the end.

const PART = 250 // milliseconds of a part
const SHORTEST = 500 // milliseconds of a recording
const PATIENCE = 30000 // milliseconds for which a part is sent again where the server cannot be reached
const KINDS = ["video/webm;codecs=vp8,opus", "video/webm", "video/mp4"]
const SENTENCES = {
  NotAllowedError: "The browser may not use camera and microphone here: allow it beside the page's address, and try again.",
  NotFoundError: "No camera was found on your machine. For the voice alone, take Record above.",
  NotReadableError: "The camera cannot be read, as another program may use it: close that, and try again.",
}
const SHOWN = 20 // seconds of curves
const ROWS = ["valence", "arousal"]
const HOLE = 1 // seconds without a value from which a curve is parted

class Camera {
  constructor(root) {
    this.find = (name) => root.querySelector("#" + name)
    this.find("record").onclick = () => (this.recorder ? this.stop() : this.record())
    this.find("again").onclick = () => this.open()
    this.leaving = (event) => event.preventDefault() // the browser asks first
    this.open()
  }

  update({ data, setTriggerValue }) {
    this.data = data
    this.tell = setTriggerValue
  }

  say(sentence) {
    this.find("said").textContent = sentence
  }

  async open() {
    this.find("again").hidden = true
    if (!navigator.mediaDevices || !window.MediaRecorder) {
      this.say(window.isSecureContext
        ? "This browser cannot record: upload a clip instead."
        : "Browsers give no camera to this address, as it is neither localhost nor https: open the page there, or upload a clip.")
      return
    }
    try {
      const { stream, note } = await this.devices()
      if (this.closed) return end(stream)
      this.stream = stream
      this.find("view").srcObject = stream
      this.find("record").disabled = false
      this.say(note)
    } catch (error) {
      this.say(SENTENCES[error.name] ?? `The camera cannot be opened (${error.message || error.name}).`)
      this.find("again").hidden = false
    }
  }

  // The camera, and the microphone where there is one. Sound is taken as it is: what makes it clear for a call changes the voice.
  async devices() {
    const video = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 25, max: 30 } }
    const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false }
    try {
      return { stream: await navigator.mediaDevices.getUserMedia({ video, audio }), note: "Ready." }
    } catch (error) {
      if (error.name !== "NotFoundError") throw error
      const stream = await navigator.mediaDevices.getUserMedia({ video })
      return { stream, note: "Ready. No microphone was found, so the picture is recorded alone." }
    }
  }

  record() {
    const kind = KINDS.find((one) => MediaRecorder.isTypeSupported(one))
    this.name = crypto.randomUUID()
    this.parts = []
    this.sent = 0
    this.refused = null
    this.moments = []
    this.next = 0
    this.recorder = new MediaRecorder(this.stream, { mimeType: kind, bitsPerSecond: this.data.bits })
    this.recorder.ondataavailable = ({ data }) => {
      if (data.size) this.parts.push(data)
      this.drain()
    }
    this.recorder.onstop = () => this.end() // also where the camera is unplugged
    this.recorder.start(PART)
    this.began = performance.now()
    this.ticking = setInterval(() => this.tick(), 200)
    addEventListener("beforeunload", this.leaving)
    this.find("record").textContent = "Stop"
    this.find("record").classList.add("on")
    this.say("Recording.")
  }

  stop() {
    if (this.recorder?.state === "recording") this.recorder.stop()
  }

  async end() {
    const length = performance.now() - this.began
    this.rest()
    if (this.closed) return
    this.find("record").disabled = true
    this.say("Sending the last part.")
    while (this.sending || (this.parts.length && !this.refused)) {
      await this.drain()
    }
    this.find("record").disabled = false
    if (length < SHORTEST) {
      this.drop()
      this.say("That was less than half a second, and nothing is kept of it: record for longer.")
    } else if (!this.sent) {
      this.say(this.refused ?? "The browser recorded nothing: try again.")
    } else {
      this.say(this.refused ? `${this.refused} What was recorded until then is analysed.` : "Opening the recording.")
      this.tell("recorded", this.name)
    }
  }

  drain() {
    return (this.sending ??= this.send().finally(() => (this.sending = null)))
  }

  // Send what there is, one part after the other; the next one holds all that has come meanwhile.
  async send() {
    while (this.parts.length && !this.refused) {
      const part = new Blob(this.parts)
      const count = this.parts.length
      const answer = await this.post(part)
      if (answer?.ok) {
        this.parts.splice(0, count)
        this.sent++
        this.take(await answer.json())
      } else {
        this.refused = answer ? await answer.text() : "The server cannot be reached."
        this.stop()
      }
    }
  }

  // The server's answer to a part, which is sent again where there is none; nothing where there is none for long.
  async post(part) {
    const until = performance.now() + PATIENCE
    for (let wait = 250; performance.now() < until; wait = Math.min(2 * wait, 4000)) {
      try {
        const answer = await fetch(this.url(`/${this.sent}?since=${this.next}`), { method: "POST", body: part })
        if (answer.status < 500) return answer
      } catch {}
      await new Promise((done) => setTimeout(done, wait))
    }
  }

  url(rest = "") {
    return `${this.data.url}/${this.name}${rest}`
  }

  drop() {
    fetch(this.url(), { method: "DELETE", keepalive: true }).catch(() => {})
  }

  rest() {
    this.recorder = null
    clearInterval(this.ticking)
    removeEventListener("beforeunload", this.leaving)
    this.find("record").textContent = "Record"
    this.find("record").classList.remove("on")
  }

  get seconds() {
    return (performance.now() - this.began) / 1000
  }

  tick() {
    const seconds = Math.floor(this.seconds)
    this.find("clock").textContent = [seconds / 60, seconds % 60].map((n) => String(Math.floor(n)).padStart(2, "0")).join(":")
  }

  // What the server's models say of the recording so far.
  take({ moments, next, said }) {
    if (!moments || !this.recorder) return
    this.next = next
    this.moments.push(...moments.map(([source, time, values]) => ({ source, time, values })))
    this.moments = this.moments.filter(({ time }) => time > this.seconds - SHOWN - HOLE)
    const curves = this.find("curves")
    for (const { source, time } of this.moments) curves.dataset[source] = time
    curves.dataset.began = this.began
    curves.hidden = !this.moments.length
    const words = Object.keys(this.data.colours).map((source) => this.inWords(source)).filter(Boolean)
    if (said || words.length) this.find("now").textContent = said || words.join(" ")
    this.drawCurves()
  }

  // The likeliest emotion in the newest moment of a source.
  inWords(source) {
    const newest = this.moments.findLast((one) => one.source === source)
    if (!newest) return ""
    const emotions = Object.entries(newest.values).filter(([name]) => !rowOf(name))
    const [name, value] = emotions.sort((one, other) => other[1] - one[1])[0] ?? []
    const nothing = source === "face" ? "no face is seen" : "nobody speaks"
    if (!name) return Object.keys(newest.values).length ? "" : `${capital(source)}: ${nothing}.`
    return `${capital(source)}: ${name} ${value.toFixed(2).replace(/^0/, "")}.`
  }

  drawCurves() {
    const canvas = this.find("curves")
    if (canvas.hidden) return
    const { width, height } = canvas.getBoundingClientRect()
    const ratio = window.devicePixelRatio || 1
    canvas.width = Math.round(width * ratio)
    canvas.height = Math.round(height * ratio)
    const pen = canvas.getContext("2d")
    pen.scale(ratio, ratio)
    pen.font = "11px system-ui, sans-serif"
    const ink = getComputedStyle(canvas).color
    const first = Math.max(0, this.seconds - SHOWN)
    const across = (time) => ((time - first) / SHOWN) * width
    ROWS.forEach((row, place) => {
      const half = height / ROWS.length / 2 - 6
      const middle = (place + 0.5) * (height / ROWS.length)
      pen.fillStyle = pen.strokeStyle = ink
      pen.globalAlpha = 0.5
      pen.fillText(row, 0, middle - half + 8)
      line(pen, [[0, middle], [width, middle]], 0.5)
      pen.globalAlpha = 1
      for (const [source, colour] of Object.entries(this.data.colours)) {
        const known = this.moments.filter((one) => one.source === source)
          .map(({ time, values }) => [time, values[Object.keys(values).find((name) => rowOf(name) === row)]])
        pen.strokeStyle = colour
        pen.setLineDash(source === "face" ? [6, 3] : [2, 2])
        for (const part of parts(known)) line(pen, part.map(([time, value]) => [across(time), middle - half * value]), 2)
        pen.setLineDash([])
      }
    })
  }

  // The page is left: the camera's light goes out, and what was not ended is not kept.
  close() {
    this.closed = true
    this.refused = "The page was left." // so that nothing is sent behind what deletes it
    const recording = this.recorder
    this.stop()
    this.rest()
    if (recording) this.drop()
    if (this.stream) end(this.stream)
  }
}

function end(stream) {
  for (const track of stream.getTracks()) track.stop()
}

// The row of curves that an output belongs to: "valence (derived)" is valence.
function rowOf(output) {
  return ROWS.find((row) => output === row || output.startsWith(`${row} `))
}

function capital(word) {
  return word[0].toUpperCase() + word.slice(1)
}

// A curve's points in stretches without holes.
function parts(points) {
  const found = [[]]
  let before = null
  for (const point of points) {
    if (point[1] === undefined || (before !== null && point[0] - before > HOLE)) found.push([])
    if (point[1] !== undefined) found.at(-1).push(point)
    before = point[0]
  }
  return found
}

function line(pen, points, width) {
  pen.lineWidth = width
  pen.beginPath()
  for (const [x, y] of points) pen.lineTo(x, y)
  pen.stroke()
}

export default mounted(Camera)
