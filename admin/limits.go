package admin

import "time"

// limits are the bounds of a [Server]. Tests have narrower ones.
type limits struct {
	header      time.Duration // for a request's header to come
	headerBytes int
	body        time.Duration // for its body to come
	bodyBytes   int64
	master      time.Duration // for the master to answer
	answer      time.Duration // for an answer to be taken, the master's time included
	write       time.Duration // for a stream to take what it is sent
	heartbeat   time.Duration // between two signs of life of a stream
	sample      time.Duration // between two samples
	idle        time.Duration // of a connection between two requests
	wrong       time.Duration // that a wrong token waits for its answer
	conns       int           // on one listener
	strangers   int           // on one listener, of users who are refused
	streams     int           // in all
}

var standardLimits = limits{
	header:      5 * time.Second,
	headerBytes: 16 << 10,
	body:        10 * time.Second,
	bodyBytes:   64 << 10,
	master:      10 * time.Second,
	answer:      40 * time.Second,
	write:       5 * time.Second,
	heartbeat:   15 * time.Second,
	sample:      time.Second,
	idle:        time.Minute,
	wrong:       200 * time.Millisecond,
	conns:       512,
	strangers:   16,
	streams:     256,
}

// Bounds of what one request may ask for.
const (
	maxEvents  = 1000
	maxHistory = 1000
)
