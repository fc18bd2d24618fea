package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// sources are the addresses that clients connect from: one address has too few
// ports.
const sources = 8

// A crowd is connections that are open and idle.
type crowd []net.Conn

// connect opens connections to the addresses in turns.
func connect(ctx context.Context, addresses []string, connections int) (crowd, error) {
	c := make(crowd, connections)
	err := c.each(func(i int) (err error) {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+i%sources))}, Timeout: patience}
		if c[i], err = dialer.DialContext(ctx, "tcp", addresses[i%len(addresses)]); err != nil {
			return err
		}
		return c[i].(*net.TCPConn).SetLinger(0) // leaves no port behind
	})
	return c, err
}

// failed asks each connection for an echo, and returns how many have none.
func (c crowd) failed() (n int) {
	var mu sync.Mutex
	c.each(func(i int) error {
		b := []byte{byte(i)}
		c[i].SetDeadline(time.Now().Add(patience))
		_, err := c[i].Write(b)
		if err == nil {
			b[0]++
			_, err = io.ReadFull(c[i], b)
		}
		if err != nil || b[0] != byte(i) {
			mu.Lock()
			defer mu.Unlock()
			n++
		}
		return nil
	})
	return n
}

func (c crowd) close() {
	for _, conn := range c {
		if conn != nil {
			conn.Close()
		}
	}
}

// each calls f for each place, some at a time, and returns the first error.
func (c crowd) each(f func(i int) error) error {
	const workers = 32
	var all sync.WaitGroup
	errs := make([]error, workers)
	for w := range workers {
		all.Go(func() {
			for i := w; i < len(c) && errs[w] == nil; i += workers {
				if err := f(i); err != nil {
					errs[w] = fmt.Errorf("connection %d: %w", i, err)
				}
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
