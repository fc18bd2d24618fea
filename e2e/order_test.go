package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/seed-3d078585/overseer/admin"
)

// TestOrders: each button asks first, and what was confirmed reaches the master
// with the reason and the generation that was seen.
func TestOrders(t *testing.T) {
	m := quiet()
	s := serve(t, m)
	b := s.page(desktop)

	b.click("#order-restart")
	b.untilText("#dialog", "takes over when it is ready")
	b.do(chromedp.SendKeys(chromedp.CSS("#reason"), "new certificate"))
	b.click("#confirm")
	b.untilText("#notice", "Restart: accepted")
	if o := s.ordered(b, 1); o.Name != "Restart" || o.Order.Reason != "new certificate" || o.Order.Generation != 7 {
		t.Errorf("got %+v, want a restart with the reason and generation 7", o)
	}
	b.untilText("#events > li:first-child", "restart-asked")

	b.click("#order-upgrade")
	b.untilText("#dialog", "releases.example.com")
	b.click("#confirm")
	b.untilText("#notice", "Upgrade now: accepted")
	if o := s.ordered(b, 2); o.Name != "Upgrade" || o.Order.Generation != 7 {
		t.Errorf("got %+v, want an upgrade", o)
	}

	b.click("#order-previous")
	b.click("#confirm")
	b.untilText("#notice", "Roll back to previous: accepted")
	if o := s.ordered(b, 3); o.Name != "Rollback" || o.To != admin.ToPrevious {
		t.Errorf("got %+v, want a rollback to previous", o)
	}

	onTrial(m)
	b.untilText("#condition", "On trial")
	b.click("#order-standby")
	b.untilText("#dialog", "Generation 7 of 1.4.2")
	b.click("#confirm")
	b.untilText("#notice", "Roll back to standby: accepted")
	if o := s.ordered(b, 4); o.Name != "Rollback" || o.To != admin.ToStandby || o.Order.Generation != 8 {
		t.Errorf("got %+v, want a rollback to standby, of generation 8", o)
	}
}

// TestHoldAndRelease: the one button becomes the other.
func TestHoldAndRelease(t *testing.T) {
	m := quiet()
	s := serve(t, m)
	b := s.page(desktop)
	b.click("#order-hold")
	b.do(chromedp.SetValue(chromedp.CSS("#lasting"), "4"), chromedp.SendKeys(chromedp.CSS("#reason"), "the fair is today"))
	b.click("#confirm")
	b.untilText(".banner.warn", "the fair is today")
	b.untilText(".banner.warn", "left)")
	o := s.ordered(b, 1)
	if left := time.Until(o.Until); o.Name != "Hold" || o.Order.Generation != 0 || left < 3*time.Hour || left > 5*time.Hour {
		t.Errorf("got %s until %s, want a hold for about 4 hours", o.Name, o.Until)
	}
	b.until("document.getElementById('order-hold') === null")
	b.click("#order-release")
	b.untilText("#dialog", "the fair is today")
	b.click("#confirm")
	b.until("document.querySelector('.banner.warn') === null && document.getElementById('order-hold') !== null")
	if o := s.ordered(b, 2); o.Name != "Release" {
		t.Errorf("got %+v, want a release of the hold", o)
	}
}

// TestForget takes a release out of quarantine.
func TestForget(t *testing.T) {
	s := serve(t, quiet())
	b := s.page(desktop)
	b.click("#quarantine button")
	b.untilText("#dialog", "1.4.3 (c4410fe872) may be fetched and tried again")
	b.click("#confirm")
	b.untilText("#quarantine-none", "Empty")
	if o := s.ordered(b, 1); o.Name != "Forget" || o.Digest != broken.Digest {
		t.Errorf("got %+v, want %s forgotten", o, broken.Digest)
	}
}

// TestRefusalIsShown: the reason of a conflict stands in the dialog, which stays.
func TestRefusalIsShown(t *testing.T) {
	m := quiet()
	s := serve(t, m)
	b := s.page(desktop)
	b.allowFailures() // 409 is written to the console by the browser
	m.Refuse("the disk is full: make room, then order again")
	b.click("#order-restart")
	b.click("#confirm")
	b.untilText("#dialog .fault", "Refused: the disk is full: make room, then order again")
	// It can be tried again from there, under a key of its own.
	m.Refuse("")
	b.click("#confirm")
	b.untilText("#notice", "Restart: accepted")
	if n := len(m.Orders()); n != 2 {
		t.Errorf("the master was given %d orders, want the refused one and the accepted one", n)
	}

	// What was seen is not what is live any more.
	b.click("#order-restart")
	m.ChangeStatus(func(s *admin.Status) { s.Live = 9 })
	b.click("#confirm")
	b.untilText("#dialog .fault", "generation 9 is live, not 7")
	b.press(kb.Escape)
	b.until("!document.getElementById('dialog').open")
}

// TestWhatCannotBeDone is disabled, says why, and does nothing when it is pressed.
func TestWhatCannotBeDone(t *testing.T) {
	m := quiet()
	onTrial(m)
	b := serve(t, m).page(desktop)
	for id, why := range map[string]string{"restart": "An upgrade is under way.", "upgrade": "An upgrade is under way.", "previous": "An upgrade is under way."} {
		b.until("document.getElementById('order-" + id + "').ariaDisabled === 'true'")
		if got := b.text("#order-" + id + "-text"); got != why {
			t.Errorf("%s: the reason is %q, want %q", id, got, why)
		}
		b.click("#order-" + id)
	}
	b.letter("r")
	if eval[bool](b, "document.getElementById('dialog').open") {
		t.Error("an order that cannot be carried out opened the dialog")
	}
	m.ChangeStatus(func(s *admin.Status) { s.Operation, s.Source, s.Rollback = nil, nil, nil })
	m.Emit(admin.Event{Kind: admin.Committed})
	b.untilText("#order-upgrade-text", "It has no source of releases.")
	b.untilText("#order-standby-text", "No generation stands by.")
	b.untilText("#order-previous-text", "No previous release is kept.")
	b.untilText("#order-hold-text", "There are no automatic upgrades.")
}

// TestWhatCanBeDoneMeanwhile: a fetch hinders nothing; what comes up can be given
// up; a hold has to be released first.
func TestWhatCanBeDoneMeanwhile(t *testing.T) {
	m := quiet()
	m.ChangeStatus(func(s *admin.Status) {
		s.Operation = &admin.Operation{Kind: "upgrade", Stage: "fetch", Release: fresh, Since: time.Now()}
	})
	b := serve(t, m).page(desktop)
	b.until("document.querySelector('.steps [aria-current=step] .step-name').textContent === 'fetch'")
	b.until("document.getElementById('order-restart').ariaDisabled === null")
	m.ChangeStatus(func(s *admin.Status) {
		s.Condition, s.Rollback = admin.Restarting, []admin.Target{admin.ToStandby}
		s.Operation.Stage, s.Operation.Generation = "ready", 8
	})
	m.Emit(admin.Event{Kind: admin.Starting, Generation: 8})
	b.untilText("#order-standby-text", "Give up what comes up")
	b.click("#order-standby")
	b.untilText("#dialog-text", "Generation 8, which comes up, is given up. 7 goes on. 1.5.0 (b07d55e1a3) goes into quarantine.")
	b.press(kb.Escape)
	m.ChangeStatus(func(s *admin.Status) {
		s.Condition, s.Operation = admin.Serving, nil
		s.Hold = &admin.Hold{Since: time.Now(), Actor: "olga"}
	})
	m.Emit(admin.Event{Kind: admin.Held})
	b.untilText("#order-upgrade-text", "Upgrades are held: release the hold first.")
}

// TestKeyboardOnly rolls back without a pointer: by the tab key, and by one key.
func TestKeyboardOnly(t *testing.T) {
	m := quiet()
	onTrial(m)
	s := serve(t, m)
	b := s.page(desktop)
	b.press(kb.Tab)
	b.until("document.activeElement.className === 'skip'")
	b.press(kb.Enter)
	b.until("document.activeElement.id === 'main'")
	for range 12 { // to the order; folds of banners are on the way
		b.press(kb.Tab)
		if eval[string](b, "document.activeElement.id") == "order-standby" {
			break
		}
	}
	b.until("document.activeElement.id === 'order-standby' && document.activeElement.matches(':focus-visible')")
	b.press(kb.Enter)
	b.until("document.activeElement.id === 'reason'")
	b.press(kb.Escape)
	b.until("!document.getElementById('dialog').open && document.activeElement.id === 'order-standby'")
	if n := len(m.Orders()); n != 0 {
		t.Fatalf("Escape gave %d orders", n)
	}
	b.letter("b")
	b.until("document.activeElement.id === 'reason'")
	b.press("errors at the checkout" + kb.Enter)
	b.untilText("#notice", "Roll back to standby: accepted")
	if o := s.ordered(b, 1); o.To != admin.ToStandby || o.Order.Reason != "errors at the checkout" {
		t.Errorf("got %+v, want a rollback with the reason that was typed", o)
	}

	// The keys are listed, and single ones can be switched off.
	b.letter("?")
	b.untilText("#keys", "Roll back to standby")
	b.click("#single")
	b.press(kb.Escape)
	b.until("!document.getElementById('keys').open")
	b.letter("b")
	if eval[bool](b, "document.getElementById('dialog').open") {
		t.Error("a single key acts although they are switched off")
	}
}

// TestDoublePressIsOneOrder, however fast.
func TestDoublePressIsOneOrder(t *testing.T) {
	m := quiet()
	s := serve(t, m)
	b := s.page(desktop)
	b.click("#order-restart")
	eval[bool](b, "(() => { const c = document.getElementById('confirm'); c.click(); c.click(); return true })()")
	b.untilText("#notice", "accepted")
	s.ordered(b, 1)
	if key := eval[string](b, "import('/page/api.js').then(m => m.randomKey())"); len(key) != 32 || strings.Trim(key, "0123456789abcdef") != "" {
		t.Errorf("the key of a confirmation is %q, want 32 hexadecimal digits", key)
	}
}
