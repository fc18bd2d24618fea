package e2e

import (
	"errors"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/seed-3d078585/overseer/admin"
)

// TestToken: without one a form is shown; a wrong one is told; the right one opens
// the page and outlives a reload, but not the tab.
func TestToken(t *testing.T) {
	s := serve(t, quiet())
	b := openRefused(t, s.url(), desktop)
	b.untilText("#locked", "This page needs a token")
	b.until("document.activeElement.id === 'token'")
	b.press("wrong" + kb.Enter)
	b.untilText("#locked-fault", "This token is not accepted.")
	b.until("document.activeElement.id === 'token' && document.activeElement.value === ''")
	b.press(token + kb.Enter)
	b.untilLive()
	if eval[bool](b, "!document.getElementById('locked').hidden") {
		t.Error("the form is still shown")
	}
	b.do(chromedp.Reload())
	b.untilLive()
	if n := eval[int](b, "localStorage.length"); n != 0 {
		t.Errorf("%d entries outlive the tab", n)
	}
}

// TestTokenInTheAddress is taken, and gone from the address at once.
func TestTokenInTheAddress(t *testing.T) {
	s := serve(t, quiet())
	b := s.page(desktop)
	if got := eval[string](b, "location.href"); got != s.url() {
		t.Errorf("the address is %s, want %s", got, s.url())
	}
	if n := eval[int](b, "history.length"); n > 2 {
		t.Errorf("the history has %d entries: one of them has the token", n)
	}
}

// TestReconnects: the server ends and comes back, as when the master is replaced.
// The page says so meanwhile, cannot order, and goes on where it was.
func TestReconnects(t *testing.T) {
	m := quiet()
	s := serve(t, m)
	b := s.page(desktop)
	b.untilText("#events > li:first-child", "gone")
	b.allowFailures()
	s.stop()
	b.untilText("#link", "reconnecting, as of")
	b.untilText("#order-restart-text", "The page is not connected.")
	m.Emit(admin.Event{Kind: admin.Succeeded, Reason: "it happened meanwhile"})
	m.ChangeStatus(func(s *admin.Status) { s.PID = 5555 })
	s.start(s.address)
	b.untilLive()
	b.untilText("#events > li:first-child", "it happened meanwhile")
	b.untilText("#about", "process 5555")
	m.Emit(admin.Event{Kind: admin.Live, Reason: "and this after it"})
	b.untilText("#events > li:first-child", "and this after it")
}

// TestBehind: more has come than the master keeps while the page was cut off.
func TestBehind(t *testing.T) {
	m := quiet()
	m.Keep(20)
	s := serve(t, m)
	b := s.page(desktop)
	b.allowFailures()
	s.stop()
	b.untilText("#link", "reconnecting")
	for range 50 {
		m.Emit(admin.Event{Kind: admin.Starting, Generation: 7})
	}
	m.Emit(admin.Event{Kind: admin.Live, Reason: "the last one"})
	s.start(s.address)
	b.untilLive()
	b.untilText("#events > li:first-child", "the last one")
	if n := eval[int](b, "import('/page/state.js').then(m => m.state.events.length)"); n != 20 {
		t.Errorf("the page has %d events, want the 20 that are kept", n)
	}
}

// TestTokenIsTakenBack: the page asks for another one.
func TestTokenIsTakenBack(t *testing.T) {
	s := serve(t, quiet())
	b := s.page(desktop)
	b.allowFailures()
	s.stop()
	b.untilText("#link", "reconnecting")
	s.token = "another-token-since-the-restart"
	s.start(s.address)
	b.untilText("#locked", "This page needs a token")
	b.press(s.token + kb.Enter)
	b.untilLive()
}

// TestNoAnswer: the server is away when an order is confirmed. The dialog says that
// it is not known what became of it; pressed again, it cannot be given twice.
func TestNoAnswer(t *testing.T) {
	m := quiet()
	s := serve(t, m)
	b := s.page(desktop)
	b.allowFailures()
	b.click("#order-restart")
	s.stop()
	b.click("#confirm")
	b.untilText("#dialog .fault", "No answer came. It may have been carried out")
	s.start(s.address)
	b.until("document.getElementById('link').dataset.state === 'live'")
	b.click("#confirm")
	b.untilText("#notice", "Restart: accepted")
	s.ordered(b, 1)
}

// TestStreamReader cuts a stream at each place: the reader's messages are the same.
func TestStreamReader(t *testing.T) {
	b := serve(t, quiet()).page(desktop)
	const script = `(async () => {
		const { messages } = await import('/page/sse.js');
		const text = ': a comment\nretry: 1000\n\nid: 7\nevent: event\ndata: {"a":\ndata:  "ü€"}\n\nevent: empty\n\r\nid:8\r\ndata\r\n\r\ndata: x\r\rdata: cut off';
		const want = JSON.stringify([null, {event: 'event', data: '{"a":\n "ü€"}', id: '7'}, {event: 'message', data: '', id: '8'}, {event: 'message', data: 'x'}]);
		const bytes = new TextEncoder().encode(text);
		for (let cut = 0; cut <= bytes.length; cut++) {
			const body = new ReadableStream({ start(c) {
				for (const part of [bytes.slice(0, cut), bytes.slice(cut)]) if (part.length) c.enqueue(part);
				c.close();
			} });
			const got = [];
			for await (const m of messages(body)) got.push(m);
			if (JSON.stringify(got) !== want) return 'cut at ' + cut + ': got ' + JSON.stringify(got) + ', want ' + want;
		}
		const endless = new ReadableStream({ pull(c) { c.enqueue(new Uint8Array(1 << 16).fill(120)); } });
		try {
			for await (const m of messages(endless)) return 'a message without an end';
		} catch (error) {
			return error.message.includes('too long') ? '' : String(error);
		}
	})()`
	if fault := eval[string](b, script); fault != "" {
		t.Error(fault)
	}
}

// TestSilentMaster: the server answers, its master does not. The page says so, and
// does not show what it knew as if it were of now.
func TestSilentMaster(t *testing.T) {
	m := quiet()
	s := serve(t, m)
	b := s.page(desktop)
	b.allowFailures()
	m.Fail(errors.New("the master hangs"))
	b.untilText("#link", "silent, as of")
	b.until("document.body.dataset.stale !== undefined")
	m.Fail(nil)
	b.until("document.getElementById('link').dataset.state === 'live'")
}
