"""What the simulated services have in common: fault book, request log, and one way through both."""
from core.answers import answer
from core.bodies import is_body_fault
from core.faults import FaultBook
from core.requests import RequestLog


class Service:
    """Subclasses add routes with `guarded`, and what the control API asks for (core/control.py)."""

    def __init__(self, options, clock, extra_kinds=()):
        self.options, self.clock = options, clock
        self.faults, self.requests = FaultBook(extra_kinds), RequestLog(clock)
        self.wires, self.skew_s = set(), 0

    def guarded(self, handler):
        """Logs the request and lets a fault answer it. `handler(request, entry, fault)` gets a body fault or None."""
        async def handle(request):
            entry = self.requests.open(request)
            try:
                fault = self.faults.take_request_fault()
                if fault is not None and not is_body_fault(fault):
                    response = await answer(fault, request, self.skew_s)
                    entry["bytes"] = request.get("taken", 0)
                else:
                    response = await handler(request, entry, fault)
                entry["status"] = response.status
            finally:
                self.requests.close(entry, "answered")
            return response
        return handle

    def post_fault(self, fault):
        """args.now gives a stream fault to the connections that are open."""
        if fault.args.get("now"):
            for wire in self.wires:
                wire.add_now(type(fault)(fault.kind, fault.after, 1, fault.args))
        self.clock.notify()

    def reset(self, body):
        for wire in list(self.wires):
            if wire.request.transport:
                wire.request.transport.close()
        self.options.seed = body.get("seed", self.options.seed)
        self.clock.reset()
        self.faults.clear()
        self.requests.clear()
