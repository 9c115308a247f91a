"""Headless Chromium, driven over its DevTools protocol: open a page, look, press keys."""
import asyncio
import base64
import json
import re
import shutil
import subprocess
import tempfile

try:
    import aiohttp
except ImportError:
    aiohttp = None

CHROMIUM = shutil.which("chromium")
MISSING = "" if CHROMIUM and aiohttp else "no chromium (Debian package chromium), or no aiohttp"
OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--remote-debugging-port=0")


class Browser:
    """One browser with one tab. `requests` are the addresses that it asked for, `problems` what scripts complained of."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="millrace-chromium-")
        self.process = subprocess.Popen([CHROMIUM, *OPTIONS, f"--user-data-dir={self.folder}", "about:blank"], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True)
        self.loop = asyncio.new_event_loop()
        self.requests, self.problems, self.number = [], [], 0
        for line in self.process.stderr:
            found = re.search(r"DevTools listening on ws://([^/]+)/", line)
            if found:
                self.loop.run_until_complete(self.connect(found.group(1)))
                break
        else:
            raise RuntimeError("chromium did not start")
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    async def connect(self, host):
        self.session = aiohttp.ClientSession()
        async with self.session.get(f"http://{host}/json/list") as answer:
            tab = next(one for one in await answer.json() if one["type"] == "page")
        self.socket = await self.session.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0)

    def close(self):
        self.loop.run_until_complete(self.session.close())
        self.loop.close()
        self.process.terminate()
        self.process.wait()
        self.process.stderr.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, method, **parameters):
        return self.loop.run_until_complete(asyncio.wait_for(self.ask(method, parameters), 60))

    async def ask(self, method, parameters):
        self.number += 1
        await self.socket.send_json({"id": self.number, "method": method, "params": parameters})
        while True:
            message = json.loads((await self.socket.receive()).data)
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self.note(message)

    def note(self, message):
        method, parameters = message.get("method"), message.get("params")
        if method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        if method == "Runtime.exceptionThrown":
            self.problems.append(parameters["exceptionDetails"].get("exception", {}).get("description", str(parameters)))
        if method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.problems.append(parameters["entry"]["text"])

    def open(self, url):
        self.call("Page.navigate", url=url)

    def value(self, expression):
        """What an expression of JavaScript is; promises are waited for."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def press(self, key):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    def screen(self, width, height, dark=False, phone=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]))
