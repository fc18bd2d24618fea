package e2e

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/admintest"
)

var screenshots = flag.String("screenshots", "", "write screenshots of the page into this `directory`")

// TestScreenshots shows the page to people. It proves nothing.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("give -screenshots DIR to have some made")
	}
	if err := os.MkdirAll(*screenshots, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		on    screen
		scene func(m *admintest.Master)
		do    func(b *tab)
	}{
		{name: "light", on: screen{width: 1280, height: 900}, scene: onTrial},
		{name: "dark", on: screen{width: 1280, height: 900, dark: true}, scene: onTrial},
		{name: "phone", on: screen{width: 390, height: 844}, scene: onTrial},
		{name: "phone-dark", on: screen{width: 320, height: 640, dark: true}, scene: onTrial},
		{name: "phone-first", on: phone, scene: onTrial, do: func(b *tab) { b.until("document.getElementById('open').checkVisibility()") }},
		{name: "phone-dialog", on: screen{width: 390, height: 844}, scene: onTrial, do: func(b *tab) { b.click("#order-hold") }},
		{name: "tablet", on: screen{width: 820, height: 1100}},
		{name: "quiet", on: screen{width: 1280, height: 900}},
		{name: "down", on: screen{width: 1280, height: 900}, scene: down},
		{name: "dialog", on: screen{width: 1280, height: 900}, scene: onTrial, do: func(b *tab) { b.click("#order-standby") }},
		{name: "keys", on: screen{width: 1280, height: 900, dark: true}, do: func(b *tab) { b.letter("?") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := quiet()
			if c.scene != nil {
				c.scene(m)
			}
			front := httptest.NewServer(pastSamples(m, httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: serve(t, m).address})))
			t.Cleanup(front.Close)
			b := open(t, front.URL+"/#token="+token, c.on)
			t.Cleanup(func() {
				b.allowFailures()
				front.CloseClientConnections()
			})
			b.untilLive()
			b.until("[...document.querySelectorAll('path.line')].some(line => line.getAttribute('d').length > 1500)")
			if c.do != nil {
				c.do(b)
			}
			shot := chromedp.FullScreenshot(100)
			if c.do != nil {
				shot = chromedp.CaptureScreenshot()
			}
			ctx, cancel := context.WithTimeout(b.ctx, patience)
			defer cancel()
			png, err := chromedp.Run(ctx, shot)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(*screenshots, c.name+".png"), png, 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// pastSamples answers for the stream with five minutes of samples at once, so that
// the charts have something to show.
func pastSamples(m *admintest.Master, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("samples") == "" {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		status, _ := m.Status(r.Context())
		accepted := map[int]uint64{}
		now := time.Now()
		for i := -300; i <= 0; i++ {
			at := now.Add(time.Duration(i) * time.Second)
			data, _ := json.Marshal(sampleAt(status, at, float64(i), accepted))
			fmt.Fprintf(w, "event: sample\ndata: %s\n\n", data)
		}
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
}

// sampleAt makes up what a status would have shown at a moment.
func sampleAt(s admin.Status, at time.Time, i float64, accepted map[int]uint64) admin.Sample {
	sample := admin.Sample{Time: at, Usage: s.Usage}
	wave := 120 + 22*math.Sin(i/37) + 9*math.Sin(i/7) + 5*math.Sin(i/2.3)
	for _, g := range slices.Concat(s.Gone, s.Generations) {
		if at.Before(g.Started) || g.Phase == admin.PhaseGone && at.After(g.Since) || g.Phase == admin.PhaseStarting {
			continue
		}
		gs := admin.GenerationSample{Number: g.Number, Phase: g.Phase, Usage: g.Usage}
		open := wave
		since := at.Sub(g.Since).Seconds()
		switch {
		case g.Phase == admin.PhaseStandby && since > 0:
			open = wave * math.Exp(-since/9)
		case g.OnTrial:
			open = wave * (1 - math.Exp(-max(0, since)/9))
		}
		if g.Phase == admin.PhaseLive && since >= 0 || g.Phase != admin.PhaseLive && since < 0 {
			accepted[g.Number] += uint64(wave / 3)
		}
		gs.Connections = &admin.Connections{Open: int(open), Accepted: accepted[g.Number]}
		sample.Generations = append(sample.Generations, gs)
	}
	return sample
}
