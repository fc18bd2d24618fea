package page

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-3d078585/overseer/bench/internal/result"
)

// Ours is the contestant that has goals.
const ours = "overseer"

// What a goal can be, after a run.
const (
	met     = "met"
	missed  = "**missed**"
	noisy   = "too noisy to tell"
	unclear = "too few to tell"
)

// A goal is what was wanted beside what is.
type goal struct{ want, got, verdict string }

func judge(ok bool) string {
	if ok {
		return met
	}
	return missed
}

func goals(p *strings.Builder, r result.Report) {
	p.WriteString("\n## Goals\n\n| goal | in this run | |\n|---|---|---|\n")
	var all []goal
	for _, f := range []func(result.Report) []goal{noFailures, calm, speed, connections, startUp, masters} {
		all = append(all, f(r)...)
	}
	for _, g := range all {
		fmt.Fprintf(p, "| %s | %s | %s |\n", g.want, g.got, g.verdict)
	}
	p.WriteString("\nWhere less was sent or restarted than a goal speaks of, and nothing failed, that goal is neither met nor missed. The goals that are counts go by the [long run](#the-long-run), where there is one of that mode.\n")
	for _, h := range counted(r) {
		if h.Failures["unprocessed"] > 0 {
			p.WriteString("\nWhat is unprocessed has met the GOAWAY of net/http's server on its way. That server sends one only, with the last stream that it has begun, instead of a first one that names no stream and a second one a round trip later (RFC 9113, section 6.8). The client knows that its request was not begun, and may send it again (section 8.7); net/http's own client does, and the one of this benchmark does not.\n")
			break
		}
	}
}

// What the first goal asks for, in each mode.
const (
	enoughRequests  = 1_000_000
	enoughHandovers = 1000
)

func noFailures(r result.Report) (all []goal) {
	for _, h := range counted(r) {
		g := goal{
			want: fmt.Sprintf("%s: none of 1,000,000 requests fails over 1,000 handovers", h.Mode),
			got:  fmt.Sprintf("%s of %s failed, %s handovers", thousands(h.Failed()), thousands(h.Requests), thousands(h.Handovers)),
		}
		switch {
		case h.Failed() > 0:
			g.got += ": " + which(h.Failures)
			g.verdict = missed
		case h.Requests < enoughRequests || h.Handovers < enoughHandovers:
			g.verdict = unclear
		default:
			g.verdict = met
		}
		all = append(all, g)
	}
	return all
}

// counted are our handovers in each mode: those of the long run, or else of this.
func counted(r result.Report) (all []result.Handover) {
	for _, l := range r.Long {
		all = append(all, l.Handover)
	}
	for _, h := range r.Handovers {
		if h.Contestant == ours && !slices.ContainsFunc(all, func(l result.Handover) bool { return l.Mode == h.Mode }) {
			all = append(all, h)
		}
	}
	return all
}

// calm leaves it open where a quantile of one in a thousand is of few requests.
func calm(r result.Report) (all []goal) {
	for _, h := range r.Handovers {
		if h.Contestant != ours || h.Steady.P999 == 0 || h.Window.P999 == 0 {
			continue
		}
		q := float64(h.Window.P999) / float64(h.Steady.P999)
		g := goal{
			want:    fmt.Sprintf("%s: p99.9 in the handover window at most 1.5 times that of before", h.Mode),
			got:     fmt.Sprintf("%.2f times (%s, %s)", q, millis(h.Window.P999), millis(h.Steady.P999)),
			verdict: judge(q <= 1.5),
		}
		if min(h.Steady.Requests, h.Window.Requests) < 1000 {
			g.verdict = unclear
		}
		all = append(all, g)
	}
	return all
}

func speed(r result.Report) (all []goal) {
	for _, pair := range r.Pairs {
		if pair.LessIsBetter || pair.Rounds < 2 {
			continue
		}
		g := goal{
			want:    pair.Name + ": at least 0.98 of the plain server",
			got:     fmt.Sprintf("%s of it in %d rounds", times2(pair.Ratio), pair.Rounds),
			verdict: judge(pair.Ratio.Mid >= 0.98),
		}
		if pair.Ratio.Low < 0.98 && pair.Ratio.High > 0.98 && pair.Ratio.High > 2*pair.Ratio.Low {
			g.verdict = noisy
		}
		all = append(all, g)
	}
	return all
}

func connections(r result.Report) (all []goal) {
	for _, pair := range r.Pairs {
		more := pair.Ours.Mid - pair.Plain.Mid
		switch {
		case strings.HasPrefix(pair.Name, result.Goroutines):
			// One that was about to end, of 10,000 connections, is none of each.
			all = append(all, goal{"no goroutine more for each connection", fmt.Sprintf("%+.3f", more), judge(more < 0.01)})
		case strings.HasPrefix(pair.Name, result.MemoryInUse):
			all = append(all, goal{"at most 100 bytes more for each idle connection", fmt.Sprintf("%+.0f bytes", more), judge(more <= 100)})
		}
	}
	return all
}

func startUp(r result.Report) (all []goal) {
	for _, s := range r.Starts {
		g := goal{
			want:    fmt.Sprintf("start-up of %s: at most 1.1 of plain and 5 ms", megabytes(s.Size)),
			got:     fmt.Sprintf("%s, plain %s", seconds(s.Ours.Mid), seconds(s.Plain.Mid)),
			verdict: judge(s.Ours.Mid <= 1.1*s.Plain.Mid+0.005),
		}
		if s.First > 0 {
			g.got += "; the first time " + seconds(s.First)
		}
		all = append(all, g)
	}
	return all
}

func masters(r result.Report) (all []goal) {
	for _, process := range r.Processes {
		if process.Name != result.Idle {
			all = append(all, goal{
				want:    process.Name + ": at most 1.2 of the memory of an idle program with the same imports",
				got:     times2(process.Ratio),
				verdict: judge(process.Ratio.Mid <= 1.2),
			})
		}
	}
	return all
}
