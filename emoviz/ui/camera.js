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
const cameras = new WeakMap()

export default function (component) {
  const root = component.parentElement
  if (!cameras.has(root)) cameras.set(root, new Camera(root))
  const camera = cameras.get(root)
  camera.data = component.data
  camera.tell = component.setTriggerValue
  return () => {
    camera.close()
    cameras.delete(root)
  }
}

class Camera {
  constructor(root) {
    this.find = (name) => root.querySelector("#" + name)
    this.find("record").onclick = () => (this.recorder ? this.stop() : this.record())
    this.find("again").onclick = () => this.open()
    this.leaving = (event) => event.preventDefault() // the browser asks first
    this.open()
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
    this.recorder = new MediaRecorder(this.stream, { mimeType: kind, bitsPerSecond: this.data.bits })
    this.recorder.ondataavailable = ({ data }) => {
      if (data.size) this.parts.push(data)
      this.drain()
    }
    this.recorder.onstop = () => this.end() // also where the camera is unplugged
    this.recorder.start(PART)
    this.began = performance.now()
    this.ticking = setInterval(() => this.showTime(), 200)
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
        const answer = await fetch(this.url(`/${this.sent}`), { method: "POST", body: part })
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

  showTime() {
    const seconds = Math.floor((performance.now() - this.began) / 1000)
    this.find("clock").textContent = [seconds / 60, seconds % 60].map((n) => String(Math.floor(n)).padStart(2, "0")).join(":")
  }

  // The page is left: the camera's light goes out, and what was not ended is not kept.
  close() {
    this.closed = true
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
