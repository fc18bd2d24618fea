//go:build linux

package e2e

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/seed-3d078585/overseer/loadtest"
)

// load sends requests until the check it returns is called, which says what was
// lost: nothing may be.
func (s *service) load() (check func()) {
	s.t.Helper()
	l, err := loadtest.Start(s.t.Context(), loadtest.Config{Address: s.address, Clients: 4, Think: 5 * time.Millisecond, Mode: loadtest.NewConnection})
	if err != nil {
		s.t.Fatal(err)
	}
	return func() {
		s.t.Helper()
		r := l.Stop()
		if r.Failed > 0 || r.ByVersion["1"] == 0 || r.ByVersion["2"] == 0 {
			s.t.Errorf("want no request to fail, and both versions to answer: %s", r)
		}
		s.t.Logf("%d requests, %d failed, answered by version: %v", r.Requests, r.Failed, r.ByVersion)
	}
}

// TestRollBackOnThePage: a real release is on trial, the operator sees it, presses
// the button, and the process before answers again.
func TestRollBackOnThePage(t *testing.T) {
	s := startService(t, time.Hour)
	b := open(t, s.page, desktop)
	b.untilLive()
	b.untilText("#condition", "Serving")
	b.untilText("#facts", s.digest)
	s.expect(b, "1")
	check := s.load()

	digest := writeVersion(t, s.next, "2")
	b.untilText("#condition", "On trial")
	b.untilText("#facts", digest)
	b.untilText(".banner.busy", "Upgrade under way")
	b.until("document.querySelector('.steps [aria-current=step] .step-name').textContent === 'trial'")
	b.untilText("#order-restart-text", "is under way")
	s.expect(b, "2")

	b.click("#order-standby")
	b.untilText("#dialog", s.digest)
	b.do(chromedp.SendKeys(chromedp.CSS("#reason"), "errors at the checkout"+kb.Enter))
	b.untilText("#notice", "Roll back to standby: accepted")
	b.untilText("#condition", "Serving")
	b.untilText("#facts", s.digest)
	b.untilText(".banner.bad .banner-title", digest)
	b.untilText("#quarantine", digest)
	b.untilText("#history", "rolled back")
	b.untilText("#events", "errors at the checkout")
	s.expect(b, "1")
	b.until("document.querySelectorAll('path.line').length >= 2")
	check()
}

// TestUpgradeOnThePage: a real release is committed, the master is replaced by it,
// and the page goes on; then it goes back to what was installed before.
func TestUpgradeOnThePage(t *testing.T) {
	s := startService(t, 1500*time.Millisecond)
	b := open(t, s.page, desktop)
	b.untilLive()
	b.untilText("#facts", s.digest)
	check := s.load()

	b.allowFailures() // the page is cut off for the moment in which the master is replaced
	digest := writeVersion(t, s.next, "2")
	b.untilText("#condition", "On trial")
	b.untilText("#history", "committed")
	b.untilText("#events", "succeeded")
	b.untilLive()
	b.untilText("#condition", "Serving")
	b.untilText("#facts", digest)
	s.expect(b, "2")

	b.until("document.getElementById('order-previous').ariaDisabled === null")
	b.letter("p")
	b.until("document.activeElement.id === 'reason'")
	b.press(kb.Enter)
	b.untilText("#notice", "Roll back to previous: accepted")
	b.untilText("#facts", s.digest)
	b.untilText("#condition", "Serving")
	b.untilLive()
	s.expect(b, "1")
	check()
}
