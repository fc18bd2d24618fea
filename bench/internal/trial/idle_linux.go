package trial

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/seed-3d078585/overseer/bench/internal/result"
)

// idle measures what a connection costs that has answered once and waits.
func (t *Trials) idle(ctx context.Context) (err error) {
	all, stop, err := t.subjects(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	n := min(t.Amount.Idle, int(t.report.Machine.Files)-500)
	var memory, inUse, goroutines [2][]float64
	for i, s := range all {
		before, err := self(ctx, s.place.HTTP)
		if err != nil {
			return err
		}
		had, err := resident(s.worker)
		if err != nil {
			return err
		}
		crowd, err := connect(s.place.HTTP, n)
		if err == nil {
			var after = before
			if after, err = self(ctx, s.place.HTTP); err == nil {
				var has float64
				has, err = resident(s.worker)
				of := func(more float64) []float64 { return []float64{more / float64(n)} }
				memory[i] = of(has - had)
				inUse[i] = of(float64(after.Heap) + float64(after.Stacks) - float64(before.Heap) - float64(before.Stacks))
				goroutines[i] = of(float64(after.Goroutines - before.Goroutines))
			}
		}
		crowd.close()
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name(), err)
		}
	}
	title := func(what string) string { return fmt.Sprintf("%s of an idle connection (of %d)", what, n) }
	t.pair(title(result.ResidentMemory), "bytes", memory, true)
	t.pair(title(result.MemoryInUse), "bytes", inUse, true)
	t.pair(title(result.Goroutines), "", goroutines, true)
	return nil
}

// A crowd is connections that are open, and idle after one answer.
type crowd []net.Conn

func connect(address string, n int) (crowd, error) {
	const workers = 16
	c := make(crowd, n)
	errs := make([]error, workers)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			in := bufio.NewReader(nil)
			for i := w; i < n && errs[w] == nil; i += workers {
				c[i], errs[w] = answered(address, in)
			}
		})
	}
	all.Wait()
	return c, errors.Join(errs...)
}

func answered(address string, in *bufio.Reader) (net.Conn, error) {
	conn, err := net.DialTimeout("tcp", address, 20*time.Second)
	if err != nil {
		return nil, err
	}
	conn.(*net.TCPConn).SetLinger(0) // leaves no port behind
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	in.Reset(conn)
	_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: bench\r\n\r\n")
	if err == nil {
		var resp *http.Response
		if resp, err = http.ReadResponse(in, nil); err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
		}
	}
	return conn, err
}

func (c crowd) close() {
	for _, conn := range c {
		if conn != nil {
			conn.Close()
		}
	}
}
