package e2e

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/seed-3d078585/overseer/admin"
)

// TestShowsWhatRuns: the service at rest, then a trial, without a reload.
func TestShowsWhatRuns(t *testing.T) {
	m := quiet()
	s := serve(t, m)
	b := s.page(desktop)
	b.untilText("#condition", "Serving")
	b.untilText("#sentence", "Generation 7 is live")
	b.untilText("#facts", "1.4.2")
	b.untilText("#generations", "gone, never live")
	b.untilText("#history", "1.4.0 → 1.4.3")
	b.untilText("#events", "1.4.2 has the fix")
	b.untilText("#quarantine", "1.4.3")
	b.until("document.title.startsWith('Serving')")

	onTrial(m)
	b.untilText("#condition", "On trial")
	b.untilText("#sentence", "7 stands by")
	b.untilText(".banner.busy", "Asked for by olga")
	b.until("document.querySelector('.steps [aria-current=step] .step-name').textContent === 'trial'")
	b.until("/at most \\d+ s left/.test(document.querySelector('.steps [aria-current=step] .step-note').textContent)")
	b.untilText(".banner.bad .banner-title", "Last release failed: 1.4.3")
	b.untilText(".banner.bad .reason", "it ended before it was ready: exit status 2")
	b.click(".banner.bad summary")
	b.untilText(".banner.bad pre", "goroutine 1 [running]")
	b.untilText("#announce", "On trial. Generation 8 serves its probation.")
	// The charts have a line for each generation, from samples.
	b.until("document.querySelectorAll('path.line').length === 3")
	b.click("#chart-table summary")
	b.untilText("#chart-rows", "Generation 8, open")
}

// TestTimelineByKeys: one stop for the tab key, arrows walk, the times are told.
func TestTimelineByKeys(t *testing.T) {
	m := quiet()
	onTrial(m)
	b := serve(t, m).page(desktop)
	b.until("document.querySelectorAll('.track').length >= 2")
	if n := eval[int](b, "document.querySelectorAll('.track[tabindex=\"0\"]').length"); n != 1 {
		t.Errorf("the timeline has %d stops for the tab key, want 1", n)
	}
	b.do(chromedp.Focus(chromedp.CSS(".track[tabindex=\"0\"]")))
	b.press(kb.ArrowDown)
	b.untilText("#timeline-readout", "Generation 7, 1.4.2: starting")
	b.until("document.activeElement.getAttribute('aria-label').startsWith('Generation 7')")
	// A range that holds more shows those that have ended.
	b.do(chromedp.SetValue(chromedp.CSS("#range"), "2"))
	eval[bool](b, "document.getElementById('range').dispatchEvent(new Event('change'))")
	b.until("document.querySelectorAll('.track').length === 4")
	b.until("document.querySelector('.rows .bar[data-look=failed]') !== null")
}

// TestTextIsNeverMarkup: what a program writes is shown as it is.
func TestTextIsNeverMarkup(t *testing.T) {
	const evil = `<img src=x onerror="alert(1)"><script>alert(2)</script>`
	m := quiet()
	onTrial(m)
	m.ChangeStatus(func(s *admin.Status) {
		s.Name = evil
		s.Refused.Reason, s.Refused.Output = evil, evil
		s.Operation.Actor = evil
		s.Generations[1].Release.Version = evil
	})
	m.Emit(admin.Event{Kind: admin.Kind("a-new-kind"), Reason: evil, Actor: evil, Version: evil, Release: evil})
	b := serve(t, m).page(desktop)
	b.untilText("#events", "a-new-kind")
	b.untilText("#name", evil)
	b.untilText(".banner.bad .reason", evil)
	if n := eval[int](b, "document.querySelectorAll('body img, body script').length"); n != 0 {
		t.Errorf("%d elements were made of text", n)
	}
}

// TestEventsAreFiltered, and new ones come in at the top.
func TestEventsAreFiltered(t *testing.T) {
	m := quiet()
	b := serve(t, m).page(desktop)
	choose := func(value string) {
		b.do(chromedp.SetValue(chromedp.CSS("#filter"), value))
		eval[bool](b, "document.getElementById('filter').dispatchEvent(new Event('change'))")
	}
	choose("bad")
	b.until("document.querySelectorAll('#events > li').length === 2")
	choose("kind fetched")
	b.until("document.querySelectorAll('#events > li').length === 2")
	e := m.Emit(admin.Event{Kind: admin.Fetched, Version: "1.6.0"})
	b.untilText("#events > li:first-child", "1.6.0")
	m.Emit(admin.Event{Kind: admin.LogLevel})
	choose("")
	b.untilText("#events > li:first-child", "log-level")
	if newest := eval[string](b, "document.querySelectorAll('#events > li')[1].dataset.id"); newest != itoa(e.ID) {
		t.Errorf("the event before the newest is %s, want %d", newest, e.ID)
	}
}

// TestWordsAreTheMasters: the page knows each kind of event and each stage.
func TestWordsAreTheMasters(t *testing.T) {
	b := serve(t, quiet()).page(desktop)
	known := eval[[]string](b, "import('/page/events.js').then(m => m.groups.flatMap(g => g.kinds))")
	for _, kind := range admin.Kinds() {
		if !slices.Contains(known, string(kind)) {
			t.Errorf("no group of events.js has the kind %q", kind)
		}
	}
	if got, want := eval[[]string](b, "import('/page/banners.js').then(m => m.stages)"), admin.Stages(); !slices.Equal(got, want) {
		t.Errorf("banners.js has the stages %q, want %q", got, want)
	}
}

// TestManyEventsStayBounded: the page keeps 1,000 events and shows a few.
func TestManyEventsStayBounded(t *testing.T) {
	m := quiet()
	b := serve(t, m).page(desktop)
	for range 1500 {
		m.Emit(admin.Event{Kind: admin.Starting, Generation: 7})
	}
	last := m.Emit(admin.Event{Kind: admin.Live, Generation: 7})
	b.until("document.querySelector('#events > li').dataset.id === " + quote(itoa(last.ID)))
	if n := eval[int](b, "import('/page/state.js').then(m => m.state.events.length)"); n != 1000 {
		t.Errorf("the page keeps %d events, want 1000", n)
	}
	if n := eval[int](b, "document.querySelectorAll('#events > li').length"); n > 100 {
		t.Errorf("the page shows %d events, want a few", n)
	}
}

// TestNarrowScreen: nothing makes the page wider than a phone of 320 pixels.
func TestNarrowScreen(t *testing.T) {
	m := quiet()
	onTrial(m)
	m.ChangeStatus(func(s *admin.Status) {
		s.Name = strings.Repeat("a-long-name-", 12)
		s.Refused.Reason = strings.Repeat("/a/path/without/a/space", 20)
		s.Hold = &admin.Hold{Since: time.Now(), Actor: strings.Repeat("someone", 20), Reason: strings.Repeat("word ", 60)}
	})
	m.Emit(admin.Event{Kind: admin.FetchFailed, Reason: strings.Repeat("x", 600)})
	s := serve(t, m)
	for name, on := range map[string]screen{"light": phone, "dark": {width: 320, height: 640, dark: true}} {
		b := s.page(on)
		b.until("document.querySelectorAll('path.line').length === 3")
		eval[bool](b, "document.querySelectorAll('details').forEach(d => d.open = true) ?? true")
		b.until("document.querySelector('#chart-rows table') !== null")
		if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > 320 {
			t.Errorf("%s: the page is %d pixels wide, want 320 at most: %s", name, wide, eval[string](b, "[...document.querySelectorAll('#main *')].filter(e => e.getBoundingClientRect().right > 320 && !e.closest('.scroll')).map(e => e.tagName + '.' + e.className + '#' + e.id).slice(0, 9).join(' ')"))
		}
	}
}

// TestThemes: the system's, until the switch says otherwise; it is remembered.
func TestThemes(t *testing.T) {
	s := serve(t, quiet())
	b := s.page(desktop)
	ground := func() string {
		t.Helper()
		return eval[string](b, "getComputedStyle(document.body).backgroundColor")
	}
	const light, dark = "rgb(246, 246, 243)", "rgb(16, 20, 19)"
	expect := func(when, want string) {
		t.Helper()
		if got := ground(); got != want {
			t.Errorf("%s: the ground is %s, want %s", when, got, want)
		}
	}
	expect("system light", light)
	b.show(screen{width: 1280, height: 900, dark: true})
	expect("system dark", dark)
	b.click("#theme")
	b.untilText("#theme", "Theme: light")
	expect("light by the switch", light)
	b.do(chromedp.Reload())
	b.untilLive()
	expect("light, reloaded", light)
	b.show(desktop)
	b.letter("t")
	b.untilText("#theme", "Theme: dark")
	expect("dark by the key", dark)
}

func itoa(n uint64) string { return strconv.FormatUint(n, 10) }
