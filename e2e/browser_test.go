package e2e

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/chromedp/chromedp"
)

// browser holds the one Chromium of all tests; each test has a context of its own
// in it, as with a private window. It is nil where there is none.
var browser context.Context

// noBrowser says why there is none.
var noBrowser string

// startBrowser starts Chromium, and returns what ends it.
func startBrowser() func() {
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		noBrowser = "no Chromium here: install Debian's package chromium"
		return func() {}
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.DisableGPU)
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // root cannot have one
	}
	allocator, endAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, endBrowser := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}))
	end := func() {
		endBrowser()
		endAllocator()
	}
	if err := chromedp.Do(ctx); err != nil {
		noBrowser = "Chromium does not start: " + err.Error()
		end()
		return func() {}
	}
	browser = ctx
	return end
}

// needBrowser skips a test where there is no browser.
func needBrowser(t *testing.T) {
	t.Helper()
	switch {
	case browser != nil:
	case os.Getenv("CI") == "true":
		t.Fatal(noBrowser)
	default:
		t.Skip(noBrowser)
	}
}
