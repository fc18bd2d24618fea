package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/seed-3d078585/overseer/admin"
)

// TestToken: without one a form is shown; a wrong one is told; the right one opens
// the page and outlives a reload, but not the tab.
func TestToken(t *testing.T) {
	s := serve(t, quiet())
	b := open(t, s.url(), desktop)
	b.allowFailures(true) // 401 is written to the console by the browser
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
	b.allowFailures(true)
	s.stop()
	b.untilText("#link", "reconnecting, as of")
	b.untilText("#order-restart-text", "The page is not connected.")
	m.Emit(admin.Event{Kind: admin.Succeeded, Reason: "it happened meanwhile"})
	m.ChangeStatus(func(s *admin.Status) { s.PID = 5555 })
	s.start(s.address)
	b.untilLive()
	b.untilText("#events > li:first-child", "it happened meanwhile")
	b.untilText("#about", "process 5555")
	b.allowFailures(false)
	m.Emit(admin.Event{Kind: admin.Live, Reason: "and this after it"})
	b.untilText("#events > li:first-child", "and this after it")
}

// TestBehind: more has come than the master keeps while the page was cut off.
func TestBehind(t *testing.T) {
	m := quiet()
	m.Keep(20)
	s := serve(t, m)
	b := s.page(desktop)
	b.allowFailures(true)
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
	b.allowFailures(true)
	s.stop()
	b.untilText("#link", "reconnecting")
	s.token = "another-token-since-the-restart"
	s.start(s.address)
	b.untilText("#locked", "This page needs a token")
	b.press(s.token + kb.Enter)
	b.untilLive()
}
