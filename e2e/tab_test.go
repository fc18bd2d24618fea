package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience bounds each wait for the page. It is long for machines that are busy.
const patience = 40 * time.Second

// A tab is a page in the browser that is watched: what it complains of, and which
// hosts it asks, are looked at when the test ends.
type tab struct {
	t   *testing.T
	ctx context.Context

	broken  context.Context // ends when the page throws: there is nothing to wait for then
	breakUp context.CancelFunc

	mu      sync.Mutex
	faults  []string
	hosts   []string // that it may ask
	mayFail bool     // answers other than 200, and none, are part of the test
}

// A screen is what a page is shown on.
type screen struct {
	width, height int64
	dark          bool
}

var (
	desktop = screen{width: 1280, height: 900}
	phone   = screen{width: 320, height: 640}
)

// open shows a page on a screen.
func open(t *testing.T, address string, on screen) *tab {
	t.Helper()
	return openTab(t, address, on, false)
}

// openRefused is open where the first answer will be a refusal, which the browser
// writes to the console.
func openRefused(t *testing.T, address string, on screen) *tab {
	t.Helper()
	return openTab(t, address, on, true)
}

func openTab(t *testing.T, address string, on screen, mayFail bool) *tab {
	t.Helper()
	needBrowser(t)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	b := &tab{t: t, hosts: []string{u.Host}, mayFail: mayFail}
	b.broken, b.breakUp = context.WithCancel(t.Context())
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext(), chromedp.WithListener(b.hear))
	t.Cleanup(func() {
		cancel()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, fault := range b.faults {
			t.Errorf("the page: %s", fault)
		}
	})
	b.ctx = ctx
	// The first one binds the life of the tab, so it has no timeout of its own.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	b.show(on)
	b.do(chromedp.Navigate(address))
	return b
}

// show changes the screen.
func (b *tab) show(on screen) {
	b.t.Helper()
	theme := "light"
	if on.dark {
		theme = "dark"
	}
	b.do(chromedp.EmulateViewport(on.width, on.height), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}})
		return err
	}))
}

// hear takes the events of the browser: it must not block.
func (b *tab) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if thrown := e.ExceptionDetails.Exception; thrown != nil {
			text += " " + thrown.Description
		}
		b.fault("exception: " + text)
		b.breakUp()
	case *runtime.EventConsoleAPICalled:
		b.fault(fmt.Sprintf("console.%s", e.Type))
	case *cdplog.EventEntryAdded:
		b.mu.Lock()
		quiet := b.mayFail && e.Entry.Source == "network"
		b.mu.Unlock()
		if !quiet {
			b.fault(fmt.Sprintf("%s %s: %s %s", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL))
		}
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		b.mu.Lock()
		known := err == nil && (u.Scheme == "data" || slices.Contains(b.hosts, u.Host))
		b.mu.Unlock()
		if !known {
			b.fault("request to another host: " + e.Request.URL)
		}
	}
}

func (b *tab) fault(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = append(b.faults, text)
}

// allowFailures has requests that fail be part of the test from now on. It is for
// good, as the browser may write of one later.
func (b *tab) allowFailures() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mayFail = true
}

// do carries out actions.
func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatalf("in the page: %v\n%s", err, b.words())
	}
}

// eval returns what an expression yields in the page.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("in the page, %s: %v", expression, err)
	}
	return v
}

// until waits until an expression is true in the page.
func (b *tab) until(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience+5*time.Second)
	defer cancel()
	defer context.AfterFunc(b.broken, cancel)()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(patience))); err != nil {
		b.t.Fatalf("wait in the page until %s: %v\n%s", expression, err, b.words())
	}
}

// untilText waits until an element shows a text.
func (b *tab) untilText(selector, text string) {
	b.t.Helper()
	b.until(fmt.Sprintf("[...document.querySelectorAll(%s)].some(e => e.checkVisibility() && e.textContent.includes(%s))", quote(selector), quote(text)))
}

// click presses the visible element that a selector names.
func (b *tab) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

// press gives keys to whatever has the focus.
func (b *tab) press(keys string, options ...chromedp.KeyOption) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys, options...))
}

// text returns what an element shows.
func (b *tab) text(selector string) string {
	b.t.Helper()
	return eval[string](b, fmt.Sprintf("document.querySelector(%s)?.textContent ?? ''", quote(selector)))
}

// words returns what the page shows, for a failure.
func (b *tab) words() string {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	if err != nil {
		return "(the page does not answer)"
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return "the page shows:\n" + text + "\nits faults: " + strings.Join(b.faults, "\n")
}

// quote makes a JavaScript string.
func quote(s string) string {
	q, _ := json.Marshal(s) // a string always can
	return string(q)
}

// untilLive waits until the page is connected and has been told the first figures.
func (b *tab) untilLive() {
	b.t.Helper()
	b.until("document.getElementById('link').dataset.state === 'live' && !document.getElementById('open').hidden && document.querySelectorAll('#orders button:not([aria-disabled])').length > 0")
}

// letter presses the key of one letter or sign, as a keyboard does: the browser
// makes a character of it only if the page does not take the key.
func (b *tab) letter(key string) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for _, p := range []input.DispatchKeyEventParams{
			{Type: input.DispatchKeyEventTypeKeyDown, Key: key, Text: key},
			{Type: input.DispatchKeyEventTypeKeyUp, Key: key},
		} {
			if _, err := chromedp.Call(ctx, input.DispatchKeyEvent, p); err != nil {
				return err
			}
		}
		return nil
	}))
}
